#include "tool/lists/syncing.h"

#include "base/clock.h"
#include "exchange/excerpt.h"
#include "tool/lists/import_show.h"
#include "tool/lists/importing.h"
#include "tool/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Our own files while they are made; whoever lists a folder leaves hidden ones out. */
#define REJECTS ".optout-rejects"
#define REPORT ".optout-report"

/* One file on its way. */
struct taking {
    struct syncing *syncing;
    const struct profile *profile;
    const struct drop *drop;
    char label[2 * DROP_NAME_MAX]; /* "SOURCE/FILE", for people */
    struct drop_file file;
    struct reading reading;
    struct importing importing;
    int64_t begun_ms;
    int rejects; /* the file's descriptor; -1: none */
    bool ran;    /* the import came to its end, and there is a report */
    const char *end;
    char final[2 * DROP_NAME_MAX];
};

/* --- importing --- */

static int open_rejects(struct taking *t, struct error *why)
{
    char path[64];

    if (t->syncing->dry_run)
        return 0;
    int code = drop_make(t->drop, REJECTS, &t->rejects, why);
    if (code)
        return code;
    /* Not by its name, which others could give to something else. */
    snprintf(path, sizeof path, "/proc/self/fd/%d", t->rejects);
    return excerpt_open(path, t->reading.input, reader_frame(t->reading.reader),
                        &t->importing.rejects, why);
}

static int open_list(struct taking *t, struct error *why)
{
    int fd = t->file.fd;
    t->file.fd = -1; /* the input's from now on */
    int code =
        input_open_fd(fd, t->file.name, t->profile->source->encoding, &t->reading.input, why);
    if (code == 0)
        code = reader_open(t->reading.input, &t->profile->options, &t->reading.reader, why);
    return code;
}

static void fill_request(struct taking *t)
{
    const struct source *source = t->profile->source;
    bool own = reader_facts(t->reading.reader)->format->own; /* its rows name their scopes */

    t->importing.label = t->label;
    t->importing.progress.quiet = t->syncing->quiet;
    t->importing.request = (struct import_request){.scope = own ? NULL : source->scope,
                                                   .mapping = &t->profile->mapping,
                                                   .source = source->name,
                                                   .actor = "sync",
                                                   .dry_run = t->syncing->dry_run,
                                                   .recorded = true,
                                                   .all_opted_out = source->all_opted_out,
                                                   .max_new = t->profile->max_new};
}

/* The exit status, with where the file belongs; or an error, after which it stays. */
static int import(struct taking *t, struct error *why)
{
    int code = open_list(t, why);
    if (code == ERR_FORMAT) {
        t->end = DROP_FAILED;
        return STATUS_CANNOT;
    }
    if (code == 0)
        code = open_rejects(t, why);
    if (code)
        return code;
    fill_request(t);
    code = importing_run(&t->importing, &t->syncing->site, &t->reading, why);
    if (code)
        return code;
    t->ran = true;
    int status = importing_status(&t->importing.report);
    t->end = status == STATUS_STOPPED ? DROP_FAILED : DROP_DONE;
    return status;
}

/* --- the report --- */

static void put_moment(json_t *object, const char *name, int64_t at_ms)
{
    char time[CLOCK_TEXT_SIZE];
    output_put_text(object, name, clock_format_ms(at_ms, time));
}

/* What came of the file, for the report beside it and for --json. */
static json_t *describe(const struct taking *t, int status, const struct error *why)
{
    json_t *object =
        t->ran ? import_show_object(t->file.name, t->syncing->dry_run, &t->importing.report)
               : json_object();

    output_put_text(object, "file", t->file.name);
    output_put_text(object, "source", t->profile->source->name);
    output_put_text(object, "result", t->end ? t->end : "left");
    output_put_number(object, "status", (uint64_t)status);
    output_put_text(object, "error", *why->text ? why->text : NULL);
    put_moment(object, "begun", t->begun_ms);
    put_moment(object, "ended", clock_now_ms());
    return object;
}

static int write_report(const struct taking *t, int status, const struct error *said,
                        struct error *why)
{
    json_t *object = describe(t, status, said);
    int fd;

    int code = drop_make(t->drop, REPORT, &fd, why);
    if (code == 0) {
        if (json_dumpfd(object, fd, JSON_INDENT(2)) < 0 || write(fd, "\n", 1) != 1 || fsync(fd) < 0)
            code = error_set(why, errno ? -errno : -EIO, "the report cannot be written: %s",
                             strerror(errno ? errno : EIO));
        close(fd);
    }
    json_decref(object);
    return code;
}

static int move(struct taking *t, int status, const struct error *said, struct error *why)
{
    bool rejected = t->rejects >= 0 && lseek(t->rejects, 0, SEEK_END) > 0;
    const struct drop_companion companions[] = {{REPORT, ".report.json"},
                                                {rejected ? REJECTS : NULL, ".rejects"}};

    int code = write_report(t, status, said, why);
    return code ? code
                : drop_move(t->drop, &t->file, t->end, companions,
                            sizeof companions / sizeof *companions, t->final, why);
}

/* --- telling --- */

static void tell_json(const struct taking *t, int status, const struct error *why)
{
    char path[4 * DROP_NAME_MAX];
    json_t *object = describe(t, status, why);

    snprintf(path, sizeof path, "%s/%s/%s", t->profile->source->name, t->end ? t->end : "",
             t->final);
    output_put_text(object, "moved_to", *t->final ? path : NULL);
    output_json(object);
}

static void tell(const struct taking *t, int status, const struct error *why)
{
    const struct syncing *s = t->syncing;

    if (*why->text && (status != STATUS_AGAIN || !s->quiet))
        complain("%s: %s", t->label, why->text);
    if (t->ran)
        import_show_stops(t->label, IMPORT_WAY_SECTION, &t->importing.report);
    if (s->json) {
        tell_json(t, status, why);
        return;
    }
    if (t->ran && (!s->quiet || s->dry_run))
        import_show_text(&s->site, t->label, s->dry_run, &t->importing.report);
    if (*t->final && !s->quiet)
        output_line("%s: moved to %s/%s/%s", t->label, t->profile->source->name, t->end, t->final);
}

/* --- */

static int status_of_error(int code)
{
    return code == ERR_BUSY || code == -EAGAIN || code == -EINTR ? STATUS_AGAIN : STATUS_CANNOT;
}

static int take(struct taking *t, const char *name)
{
    struct error why = {""}, cannot = {""};
    const struct syncing *s = t->syncing;

    t->file = (struct drop_file){.name = name, .fd = -1};
    t->begun_ms = clock_now_ms();
    int code = drop_take(t->drop, name, s->settle, &t->file, &why);
    if (code == ERR_NOT_FOUND)
        return STATUS_OK;
    if (code == ERR_BUSY) { /* its time will come */
        if (!s->quiet)
            remark("%s: %s", t->label, why.text);
        return STATUS_OK;
    }
    int status = code ? code : import(t, &why);
    if (status >= 0 && !s->dry_run && (code = move(t, status, &why, &cannot)) != 0) {
        *t->final = '\0';
        t->end = NULL;
        why = cannot;
        status = code;
    }
    code = status;
    if (status < 0) {
        status = status_of_error(status);
        if (!*why.text)
            error_set(&why, code, "%s", error_name(code));
    }
    tell(t, status, &why);
    return code == -EINTR ? code : status;
}

int syncing_take(struct syncing *s, const struct profile *profile, const struct drop *drop,
                 const char *name)
{
    struct taking *t = calloc(1, sizeof *t);
    if (!t)
        return -ENOMEM;
    t->syncing = s;
    t->profile = profile;
    t->drop = drop;
    t->rejects = -1;
    snprintf(t->label, sizeof t->label, "%s/%s", profile->source->name, name);
    int status = take(t, name);
    importing_release(&t->importing);
    reading_close(&t->reading);
    if (t->rejects >= 0) {
        close(t->rejects);
        drop_remove(drop, REJECTS);
    }
    free(t);
    output_flush();
    return status;
}
