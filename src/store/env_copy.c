#include "store/env_private.h"

int env_copy(struct env *env, int fd)
{
    /* LMDB holds SIGPIPE off by itself. */
    return env_translate(mdb_env_copyfd2(env->mdb, fd, MDB_CP_COMPACT));
}
