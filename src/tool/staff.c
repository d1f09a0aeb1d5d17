#include "tool/staff.h"

#include "base/text.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOGIN_UID_FILE "/proc/self/loginuid"
#define NO_LOGIN_UID UINT32_MAX /* nobody logged in: a daemon or a cron job */
#define NAMES_SIZE 16384

static bool login_uid(uid_t *uid)
{
    char line[16];
    uint64_t number;
    FILE *file = fopen(LOGIN_UID_FILE, "re");

    if (!file)
        return false;
    bool read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    if (!read)
        return false;
    line[strcspn(line, "\n")] = '\0';
    if (text_to_u64(line, UINT32_MAX, &number) || number == NO_LOGIN_UID)
        return false;
    *uid = (uid_t)number;
    return true;
}

static void name_of(uid_t uid, char *name, size_t size)
{
    char buffer[NAMES_SIZE];
    struct passwd entry, *found;

    if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found)
        snprintf(name, size, "%s", entry.pw_name);
    else
        snprintf(name, size, "uid %lu", (unsigned long)uid);
}

/* The variable is only a word; it counts where it names a user. */
static bool is_user(const char *name)
{
    char buffer[NAMES_SIZE];
    struct passwd entry, *found;
    return name && getpwnam_r(name, &entry, buffer, sizeof buffer, &found) == 0 && found;
}

void staff_name(char *name, size_t size)
{
    const char *sudo = getenv("SUDO_USER");
    uid_t uid;

    if (login_uid(&uid))
        name_of(uid, name, size);
    else if (is_user(sudo))
        snprintf(name, size, "%s", sudo);
    else
        name_of(getuid(), name, size);
}
