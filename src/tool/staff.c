#include "tool/staff.h"

#include "base/privilege.h"
#include "base/text.h"

#include <errno.h>
#include <grp.h>
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
#define NAMELESS "uid "
#define DISPUTED "%.24s: sudo by %.24s" /* no name has a colon */

static bool login_uid(const char *path, uid_t *uid)
{
    char line[16];
    uint64_t number;
    FILE *file = fopen(path, "re");

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
        snprintf(name, size, NAMELESS "%lu", (unsigned long)uid);
}

bool staff_is_person(const char *name)
{
    return strncmp(name, NAMELESS, strlen(NAMELESS)) != 0 && !strchr(name, ':');
}

/* The variables are only words; a name counts where it is a user's. */
static bool sudo_caller(const struct staff_clues *clues, uid_t *uid)
{
    char buffer[NAMES_SIZE];
    struct passwd entry, *found = NULL;
    uint64_t number;

    if (clues->sudo_user &&
        getpwnam_r(clues->sudo_user, &entry, buffer, sizeof buffer, &found) == 0 && found) {
        *uid = entry.pw_uid;
        return true;
    }
    if (!clues->sudo_uid || text_to_u64(clues->sudo_uid, NO_LOGIN_UID - 1, &number))
        return false;
    *uid = (uid_t)number;
    return true;
}

static void add_caller(struct staff *staff)
{
    char login[STAFF_NAME_SIZE], caller[STAFF_NAME_SIZE];

    snprintf(login, sizeof login, "%s", staff->name);
    name_of(staff->caller, caller, sizeof caller);
    snprintf(staff->name, sizeof staff->name, DISPUTED, login, caller);
}

void staff_find(const struct staff_clues *clues, struct staff *staff)
{
    uid_t login, caller;
    bool logged_in = login_uid(clues->login_uid_file, &login);
    bool called = sudo_caller(clues, &caller);

    staff->uid = logged_in ? login : called ? caller : clues->real;
    name_of(staff->uid, staff->name, sizeof staff->name);
    staff->for_another = staff->uid != clues->real;
    staff->caller = called ? caller : staff->uid;
    staff->disputed = logged_in && staff->caller != staff->uid && staff->caller != 0;
    if (staff->disputed)
        add_caller(staff);
}

void staff_caller(const struct staff *disputed, struct staff *caller)
{
    *caller = (struct staff){.uid = disputed->caller, .for_another = true};
    caller->caller = caller->uid;
    name_of(caller->uid, caller->name, sizeof caller->name);
}

void staff_self(struct staff *staff)
{
    const struct staff_clues clues = {.login_uid_file = LOGIN_UID_FILE,
                                      .sudo_user = getenv("SUDO_USER"),
                                      .sudo_uid = getenv("SUDO_UID"),
                                      .real = getuid()};
    staff_find(&clues, staff);
}

void staff_name(char *name, size_t size)
{
    struct staff staff;

    staff_self(&staff);
    snprintf(name, size, "%s", staff.name);
}

/* --- groups --- */

static int groups_of(const struct passwd *user, gid_t **groups, int *count)
{
    int room = 64;

    for (;;) {
        gid_t *found = malloc((size_t)room * sizeof *found);
        if (!found)
            return -ENOMEM;
        int there = room;
        if (getgrouplist(user->pw_name, user->pw_gid, found, &there) >= 0) {
            *groups = found;
            *count = there;
            return 0;
        }
        free(found);
        room = there > room ? there : 2 * room;
    }
}

int staff_is_member(const struct staff *staff, const char *group, bool *member)
{
    char buffer[NAMES_SIZE];
    struct passwd entry, *found = NULL;
    gid_t gid, *groups = NULL;
    int count = 0;

    int code = privilege_group(group, &gid, NULL);
    if (code)
        return code;
    bool is = false;
    if (getpwuid_r(staff->uid, &entry, buffer, sizeof buffer, &found) == 0 && found) {
        code = groups_of(found, &groups, &count);
        for (int i = 0; i < count; i++)
            is = is || groups[i] == gid;
        free(groups);
    }
    if (code == 0)
        *member = is;
    return code;
}
