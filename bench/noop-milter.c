/*
 * noop-milter: a filter that decides nothing, with the protocol steps of one's choice. It is the
 * yardstick of `./dev bench milter`: what any libmilter filter with these steps costs the MTA,
 * before it has done anything of use.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

enum steps {
    STEPS_ANSWER, /* every callback is there and answered, as in a filter that nobody tuned */
    STEPS_RCPT,   /* only RCPT is answered before the end of message */
    STEPS_SILENT, /* nothing is answered before the end of message: optout-milter's own steps */
};

/* Set before smfi_main() starts the first thread, then only read. */
static enum steps chosen = STEPS_ANSWER;
static unsigned insert_count = 0;

static sfsistat noop_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *addr)
{
    (void)ctx, (void)host, (void)addr;
    return chosen == STEPS_ANSWER ? SMFIS_CONTINUE : SMFIS_NOREPLY;
}

static sfsistat noop_helo(SMFICTX *ctx, char *text)
{
    (void)ctx, (void)text;
    return SMFIS_CONTINUE;
}

static sfsistat noop_unknown(SMFICTX *ctx, const char *text)
{
    (void)ctx, (void)text;
    return SMFIS_CONTINUE;
}

static sfsistat noop_mail(SMFICTX *ctx, char **argv)
{
    (void)ctx, (void)argv;
    return chosen == STEPS_ANSWER ? SMFIS_CONTINUE : SMFIS_NOREPLY;
}

static sfsistat noop_rcpt(SMFICTX *ctx, char **argv)
{
    (void)ctx, (void)argv;
    return chosen == STEPS_SILENT ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat noop_header(SMFICTX *ctx, char *name, char *value)
{
    (void)ctx, (void)name, (void)value;
    return chosen == STEPS_ANSWER ? SMFIS_CONTINUE : SMFIS_NOREPLY;
}

static sfsistat noop_step(SMFICTX *ctx)
{
    (void)ctx;
    return SMFIS_CONTINUE;
}

static sfsistat noop_body(SMFICTX *ctx, unsigned char *chunk, size_t length)
{
    (void)ctx, (void)chunk, (void)length;
    return SMFIS_CONTINUE;
}

static sfsistat noop_eom(SMFICTX *ctx)
{
    static char name[] = "X-Noop", value[] = "<https://optout.example/u/0123456789abcdef>";

    for (unsigned i = 0; i < insert_count; i++)
        if (smfi_insheader(ctx, 1, name, value) != MI_SUCCESS)
            return SMFIS_TEMPFAIL;
    return SMFIS_CONTINUE;
}

/* What optout-milter asks for; whatever is not asked for does not cross the socket. */
static int choose_macros(SMFICTX *ctx)
{
    static const struct {
        int stage;
        char names[32];
    } wanted[] = {
        {SMFIM_CONNECT, "{daemon_name} {daemon_port}"},
        {SMFIM_ENVFROM, "{auth_authen}"},
        {SMFIM_ENVRCPT, ""},
        {SMFIM_EOM, "i"},
    };

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        char names[sizeof(wanted[i].names)]; /* libmilter takes no const */

        memcpy(names, wanted[i].names, sizeof(names));
        if (smfi_setsymlist(ctx, wanted[i].stage, names) != MI_SUCCESS)
            return MI_FAILURE;
    }
    return MI_SUCCESS;
}

static sfsistat noop_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
                               unsigned long extra1, unsigned long extra2,
                               unsigned long *want_actions, unsigned long *want_steps,
                               unsigned long *want_extra1, unsigned long *want_extra2)
{
    (void)extra1, (void)extra2;
    unsigned long quiet = SMFIP_NOHELO | SMFIP_NOBODY | SMFIP_NOEOH | SMFIP_NODATA |
                          SMFIP_NOUNKNOWN | SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_HDR;

    if (chosen == STEPS_SILENT)
        quiet |= SMFIP_NR_RCPT;
    if (chosen == STEPS_ANSWER)
        quiet = 0;
    if ((steps & quiet) != quiet)
        return SMFIS_REJECT;
    if (chosen != STEPS_ANSWER && choose_macros(ctx) != MI_SUCCESS)
        return SMFIS_REJECT;
    *want_actions = actions & (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_DELRCPT);
    *want_steps = quiet;
    *want_extra1 = *want_extra2 = 0;
    return SMFIS_CONTINUE;
}

static void usage(FILE *to)
{
    fputs("usage: noop-milter --answer | --rcpt | --silent [--insert COUNT] --listen "
          "unix:PATH|inet:PORT@HOST\n"
          "  --answer  every callback is answered\n"
          "  --rcpt    only RCPT is answered before the end of message\n"
          "  --silent  nothing is answered before the end of message\n"
          "  --insert  header fields to insert into each message (default 0)\n",
          to);
}

/* Fills the chosen steps and *listen; ends the program on wrong usage. */
static void parse_options(int argc, char **argv, char **listen)
{
    static const struct option options[] = {
        {"answer", no_argument, NULL, 'a'},
        {"rcpt", no_argument, NULL, 'r'},
        {"silent", no_argument, NULL, 's'},
        {"insert", required_argument, NULL, 'i'},
        {"listen", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'a':
            chosen = STEPS_ANSWER;
            break;
        case 'r':
            chosen = STEPS_RCPT;
            break;
        case 's':
            chosen = STEPS_SILENT;
            break;
        case 'i':
            insert_count = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'l':
            *listen = optarg;
            break;
        case 'h':
            usage(stdout);
            exit(0);
        default:
            usage(stderr);
            exit(2);
        }
    }
    if (*listen == NULL || optind != argc) {
        usage(stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    char *listen = NULL, name[] = "noop";
    struct smfiDesc filter = {
        .xxfi_name = name,
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_DELRCPT | SMFIF_SETSYMLIST,
        .xxfi_connect = noop_connect,
        .xxfi_envfrom = noop_mail,
        .xxfi_envrcpt = noop_rcpt,
        .xxfi_header = noop_header,
        .xxfi_eom = noop_eom,
        .xxfi_abort = noop_step,
        .xxfi_close = noop_step,
        .xxfi_negotiate = noop_negotiate,
    };

    parse_options(argc, argv, &listen);
    if (chosen == STEPS_ANSWER) {
        filter.xxfi_helo = noop_helo;
        filter.xxfi_eoh = noop_step;
        filter.xxfi_body = noop_body;
        filter.xxfi_unknown = noop_unknown;
        filter.xxfi_data = noop_step;
    }
    umask(0007); /* the socket's group, postfix's by its folder, may connect */
    if (smfi_setconn(listen) != MI_SUCCESS || smfi_register(filter) != MI_SUCCESS ||
        smfi_opensocket(true) != MI_SUCCESS) {
        fprintf(stderr, "noop-milter: cannot listen on %s\n", listen);
        return 1;
    }
    return smfi_main() == MI_SUCCESS ? 0 : 1;
}
