#include "base/file.h"
#include "base/privilege.h"
#include "store/renew.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/site.h"
#include "tool/upkeep/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WITH_KEYS, QUIET, JSON };
static const struct flag flags[] = {
    {.name = "with-keys", .text = "copy the keys too; whoever has both can read everything"},
    {.name = "quiet", .letter = 'q', .text = "do not tell how far it has come"},
    {.name = "json", .text = "one JSON object a line"},
    {0},
};

static const char *const key_files[] = {KEYS_LOOKUP_FILE, KEYS_ADDRESS_FILE, KEYS_SIGNING_FILE};
#define KEY_FILE_MAX (1 << 20) /* octets */

/* --- the folder ---
 *
 * Made by whoever runs this, and given to the user that the rest is done as. That user may not be
 * able to come there by its name: then everything happens in the current folder. */

static int check_empty(int fd, const char *folder, struct error *why)
{
    struct dirent *entry;
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = 0;
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);

    if (!entries) {
        code = error_set(why, -errno, "cannot read %s: %s", folder, strerror(errno));
        if (copy >= 0)
            close(copy);
        return code;
    }
    while (code == 0 && (entry = readdir(entries)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            code = error_set(why, -ENOTEMPTY,
                             "%s is not empty%s: name a new folder for each backup", folder,
                             faccessat(fd, MANIFEST_FILE, F_OK, 0) == 0
                                 ? " and holds a backup"
                                 : ", and what is in it is no backup, or one that was broken off");
    closedir(entries);
    return code;
}

static int own_folder(int fd, const char *folder, const struct config *config, struct error *why)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();

    int code = uid == 0 && config->user ? privilege_user(config->user, &uid, &gid, why) : 0;
    if (code == 0 && ((uid != geteuid() && fchown(fd, uid, gid) < 0) || fchmod(fd, 0700) < 0))
        code = error_set(why, -errno, "cannot set owner and permissions of %s: %s", folder,
                         strerror(errno));
    return code;
}

/* Leaves the folder open; *made: it was not there before. */
static int make_folder(const char *folder, const char *config_file, int *fd, struct error *why)
{
    struct config *config;

    int code = config_read(config_file, &config, why);
    if (code)
        return code;
    code = file_make_folder(folder, 0700, why);
    if (code == 0) {
        *fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (*fd < 0)
            code = error_set(why, -errno, "cannot open %s: %s", folder, strerror(errno));
    }
    if (code == 0)
        code = check_empty(*fd, folder, why);
    if (code == 0)
        code = own_folder(*fd, folder, config, why);
    config_release(config);
    return code;
}

/* What was written of a backup that failed; the folder itself may lie where we cannot remove it. */
static void take_back(void)
{
    static const char *const folders[] = {"ledger", "list", "keys"};
    struct error why;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        place_remove(folders[i], &why);
}

/* --- one store --- */

static int digest_file(const char *path, struct manifest_file *file, struct error *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(why, -errno, "cannot open %s: %s", path, strerror(errno));
    int code = seal_copy(fd, -1, file->digest, &file->size);
    close(fd);
    return code ? error_set(why, code, "cannot read %s: %s", path, error_name(code)) : 0;
}

/* Opens the copy and checks it, as a reader of a restored store would find it. */
static int verify_copy(const struct part *part, const struct part_keys *keys, const char *file,
                       struct progress *progress, json_t **description, struct error *why)
{
    struct part_store copy;
    struct manifest_file digest;
    uint64_t events;

    int code = part_open(part, part->name, ENV_READ, keys, &copy, why);
    if (code)
        return code;
    progress_begin(progress, part->name, "events");
    part_watch(&copy, progress);
    code = part_verify(&copy, &events, why);
    progress_clear(progress);
    if (code == 0)
        code = digest_file(file, &digest, why);
    if (code == 0 && !(*description = manifest_describe(&copy, file, &digest, events, why)))
        code = -EIO;
    part_close(&copy);
    return code;
}

static int copy_store(const struct site *site, const struct part *part, struct progress *progress,
                      json_t **description, struct error *why)
{
    const struct part_keys keys = {&site->lookup, site->has_address ? &site->address : NULL};
    const struct store *store = part->is_list ? list_store(site->list) : ledger_store(site->ledger);
    char *file = file_join(part->name, ENV_DATA_FILE), *lock = file_join(part->name, ENV_LOCK_FILE);

    int code = file && lock ? file_make_folder(part->name, 0700, why) : -ENOMEM;
    if (code == 0)
        code = store_copy(store, file, why);
    if (code == 0)
        code = verify_copy(part, &keys, file, progress, description, why);
    if (code == 0 && unlink(lock) < 0)
        code = error_set(why, -errno, "cannot remove %s: %s", lock, strerror(errno));
    if (code == 0)
        code = place_sync(part->name, why);
    free(file);
    free(lock);
    return code;
}

/* --- keys --- */

static int copy_key(const char *key_dir, const char *name, struct error *why)
{
    char *from = file_join(key_dir, name), *to = file_join("keys", name), *data = NULL;
    size_t length;

    int code = from && to ? file_read(from, KEY_FILE_MAX, &data, &length, why) : -ENOMEM;
    if (code == 0) {
        code = file_replace(to, data, length, 0400, why);
        keys_forget(data, length);
    }
    free(data);
    free(from);
    free(to);
    return code;
}

static int copy_keys(const char *key_dir, struct error *why)
{
    int code = file_make_folder("keys", 0700, why);
    for (size_t i = 0; i < sizeof key_files / sizeof *key_files && code == 0; i++)
        code = copy_key(key_dir, key_files[i], why);
    return code;
}

/* --- all of it --- */

/* The ledger first: what its verdicts rest on is in the list then. */
static int write_backup(const struct site *site, bool with_keys, bool quiet, json_t **manifest,
                        struct error *why)
{
    struct progress progress = {.quiet = quiet};
    const struct owners nobody = {.milter_outside = false};
    json_t *described[2] = {NULL, NULL};
    struct part ledger = {0}, list = {0};

    int code = part_init(&ledger, false, site->config, &nobody);
    if (code == 0)
        code = part_init(&list, true, site->config, &nobody);
    if (code == 0)
        code = copy_store(site, &ledger, &progress, &described[0], why);
    if (code == 0)
        code = copy_store(site, &list, &progress, &described[1], why);
    if (code == 0 && with_keys)
        code = copy_keys(site->config->key_dir, why);
    if (code == 0) {
        *manifest =
            manifest_make(&site->lookup, &site->address, with_keys, described[1], described[0]);
        code = manifest_write(".", *manifest, why);
    } else {
        json_decref(described[0]);
        json_decref(described[1]);
    }
    part_release(&ledger);
    part_release(&list);
    return code;
}

static void tell_store(const char *name, const json_t *store)
{
    output_line("%-7s %" JSON_INTEGER_FORMAT " events, %" JSON_INTEGER_FORMAT " octets, whole",
                name, json_integer_value(json_object_get(store, "events")),
                json_integer_value(json_object_get(store, "size")));
}

static void tell(const char *folder, json_t *manifest, const struct call *call,
                 const struct site *site)
{
    if (call->values[JSON]) {
        output_put_text(manifest, "folder", folder);
        output_json(manifest);
    } else {
        tell_store("list:", json_object_get(manifest, "list"));
        tell_store("ledger:", json_object_get(manifest, "ledger"));
        json_decref(manifest);
    }
    if (call->values[WITH_KEYS])
        remark("The keys are in this backup: whoever gets it can read every address in it, and "
               "make links in anybody's name. Keep it as you keep the keys.");
    else
        remark("The keys are not in this backup, and without them it is worth nothing: keep a "
               "copy of %s, apart from it.",
               site->config->key_dir);
}

static int backup(const struct call *call, int folder, struct site *site, struct error *why)
{
    json_t *manifest = NULL;

    if (!site->has_address)
        return error_set(why, ERR_KEY, "without the address key a backup cannot be verified");
    if (fchdir(folder) < 0)
        return error_set(why, -errno, "cannot go to %s: %s", call->arguments[0], strerror(errno));
    int code = write_backup(site, call->values[WITH_KEYS], call->values[QUIET], &manifest, why);
    if (code == 0) {
        tell(call->arguments[0], manifest, call, site);
        return 0;
    }
    const struct error said = *why;
    json_decref(manifest);
    take_back();
    return error_set(why, code, "%.60s: %.400s; what was written there is removed",
                     call->arguments[0], *said.text ? said.text : error_name(code));
}

static int run(const struct call *call)
{
    struct site site = {0};
    struct error why = {""};
    int folder = -1;

    int code = make_folder(call->arguments[0], call->config_file, &folder, &why);
    if (code)
        return output_status(code, &why);
    code =
        site_open(call->config_file, SITE_KEYS | SITE_WORDS | SITE_LIST | SITE_LEDGER, &site, &why);
    if (code == 0)
        code = backup(call, folder, &site, &why);
    site_close(&site);
    close(folder);
    return output_status(code, &why);
}

const struct command command_backup = {
    .name = "backup",
    .arguments = "DIR",
    .text = "copy list and ledger of the running system into a new folder",
    .flags = flags,
    .least = 1,
    .most = 1,
    .role = ROLE_OPS,
    .run = run,
};
