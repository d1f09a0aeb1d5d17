#include "exchange/input.h"

#include "exchange/encoding.h"
#include "exchange/magic.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RAW_SIZE 65536 /* octets read at once */

struct input {
    int fd;
    char *name;
    struct encoder *encoder; /* NULL: octets pass as they are */
    const char *encoding;
    bool guessed, has_mark;
    uint64_t done, size;
    EVP_MD_CTX *digest;
    char *raw; /* read and not yet handed on: at first the beginning of the file */
    size_t raw_begin, raw_end;
    bool ended; /* the file, not what is in `raw` */
};

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* One read(2), counted and digested. *length is 0 at the end. A signal that somebody waits for ends
 * it: more may never come. */
static int read_some(struct input *input, char *buffer, size_t size, size_t *length,
                     struct error *why)
{
    ssize_t n = 0;
    /* A terminal would ask for its end a second time. */
    if (!input->ended)
        n = read(input->fd, buffer, size);
    if (n < 0) {
        int rc = -errno;
        return error_set(why, rc, "cannot read %s: %s", input->name, strerror(-rc));
    }
    if (n > 0 && EVP_DigestUpdate(input->digest, buffer, (size_t)n) != 1)
        return error_set(why, ERR_CRYPTO, "cannot digest %s", input->name);
    input->ended = n == 0;
    input->done += (uint64_t)n;
    *length = (size_t)n;
    return 0;
}

/* Fills `raw` up to `wanted` octets, or to the end of the file. */
static int fill_raw(struct input *input, size_t wanted, struct error *why)
{
    memmove(input->raw, input->raw + input->raw_begin, input->raw_end - input->raw_begin);
    input->raw_end -= input->raw_begin;
    input->raw_begin = 0;
    while (input->raw_end < wanted && !input->ended) {
        size_t length;
        int rc =
            read_some(input, input->raw + input->raw_end, RAW_SIZE - input->raw_end, &length, why);
        if (rc < 0)
            return rc;
        input->raw_end += length;
    }
    return 0;
}

static int choose_encoding(struct input *input, const char *wanted, struct error *why)
{
    struct encoding found = encoding_recognise(input->raw, input->raw_end);
    const char *name = found.name;

    input->has_mark = found.mark > 0;
    input->raw_begin = found.mark;
    if (!name && !found.mark && wanted && !encoding_is_utf8(wanted))
        name = wanted;
    input->guessed = !name && !found.mark && !wanted;
    if (!name)
        return 0;
    int rc = encoder_new(name, "UTF-8", &input->encoder);
    if (rc == ERR_NOT_FOUND)
        return error_set(why, rc, "there is no encoding \"%s\"; `iconv -l` lists them", name);
    if (rc < 0)
        return error_set(why, rc, "cannot translate from %s: %s", name, error_name(rc));
    /* The caller's name may not live as long. */
    input->encoding = strdup(name);
    return input->encoding ? 0 : -ENOMEM;
}

/* Looks at the beginning: what must not be read as a list, and in which encoding it is. */
static int examine(struct input *input, const char *encoding, struct error *why)
{
    struct stat info;

    if (fstat(input->fd, &info) < 0)
        return error_set(why, -errno, "cannot examine %s: %s", input->name, strerror(errno));
    if (S_ISDIR(info.st_mode))
        return error_set(why, -EISDIR, "%s is a folder", input->name);
    if (S_ISREG(info.st_mode)) {
        off_t at = lseek(input->fd, 0, SEEK_CUR);
        input->size = at >= 0 && info.st_size > at ? (uint64_t)(info.st_size - at) : 0;
        posix_fadvise(input->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    int rc = fill_raw(input, MAGIC_SIZE, why);
    if (rc < 0)
        return rc;
    if (input->raw_end == 0)
        return error_set(why, ERR_FORMAT, "%s is empty", input->name);
    const char *refusal = magic_refusal(input->raw, input->raw_end);
    if (refusal)
        return error_set(why, ERR_FORMAT, "%s is %s", input->name, refusal);
    return choose_encoding(input, encoding, why);
}

int input_open_fd(int fd, const char *name, const char *encoding, struct input **input,
                  struct error *why)
{
    struct input *made = calloc(1, sizeof *made);
    int rc = -ENOMEM;

    if (!made) {
        close(fd);
        goto out;
    }
    made->fd = fd;
    made->name = strdup(name);
    made->raw = malloc(RAW_SIZE);
    made->digest = EVP_MD_CTX_new();
    if (!made->name || !made->raw || !made->digest)
        goto out;
    rc = EVP_DigestInit_ex(made->digest, EVP_sha256(), NULL) == 1 ? 0 : ERR_CRYPTO;
    if (rc == 0)
        rc = examine(made, encoding, why);
out:
    if (rc < 0) {
        if (rc == -ENOMEM || rc == ERR_CRYPTO)
            error_set(why, rc, "cannot read %s: %s", name, error_name(rc));
        input_close(made);
        return rc;
    }
    *input = made;
    return 0;
}

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

int input_file(const char *path, int *fd, struct error *why)
{
    int opened = is_standard(path) ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                   : open(path, O_RDONLY | O_CLOEXEC);

    if (opened < 0) {
        int rc = -errno;
        return error_set(why, rc, "cannot open %s: %s", is_standard(path) ? "standard input" : path,
                         strerror(-rc));
    }
    *fd = opened;
    return 0;
}

const char *input_file_name(const char *path)
{
    return is_standard(path) ? "standard input" : last_part(path);
}

int input_open(const char *path, const char *encoding, struct input **input, struct error *why)
{
    int fd, rc = input_file(path, &fd, why);
    return rc < 0 ? rc : input_open_fd(fd, input_file_name(path), encoding, input, why);
}

void input_close(struct input *input)
{
    if (!input)
        return;
    close(input->fd);
    encoder_free(input->encoder);
    EVP_MD_CTX_free(input->digest);
    free((void *)(uintptr_t)input->encoding);
    free(input->raw);
    free(input->name);
    free(input);
}

/* Octets as they are: first what lies in `raw` from the examination, then without a copy. */
static int read_plain(struct input *input, char *buffer, size_t size, size_t *length,
                      struct error *why)
{
    size_t waiting = input->raw_end - input->raw_begin;
    if (waiting == 0)
        return read_some(input, buffer, size, length, why);
    size_t n = waiting < size ? waiting : size;
    memcpy(buffer, input->raw + input->raw_begin, n);
    input->raw_begin += n;
    *length = n;
    return 0;
}

int input_read(struct input *input, char *buffer, size_t size, size_t *length, struct error *why)
{
    if (!input->encoder)
        return read_plain(input, buffer, size, length, why);
    size_t made = 0;
    do {
        if (input->raw_end - input->raw_begin < ENCODER_ROOM) {
            int rc = fill_raw(input, ENCODER_ROOM, why);
            if (rc < 0)
                return rc;
        }
        size_t used = input->raw_end - input->raw_begin;
        if (used == 0)
            break;
        made = encoder_run(input->encoder, input->raw + input->raw_begin, &used, input->ended,
                           buffer, size);
        input->raw_begin += used;
    } while (made == 0);
    *length = made;
    return 0;
}

const char *input_name(const struct input *input)
{
    return input->name;
}

const char *input_encoding(const struct input *input)
{
    return input->encoding;
}

bool input_has_mark(const struct input *input)
{
    return input->has_mark;
}

bool input_is_guessed(const struct input *input)
{
    return input->guessed;
}

bool input_is_file(const struct input *input, int fd)
{
    struct stat ours, theirs;
    return fstat(input->fd, &ours) == 0 && fstat(fd, &theirs) == 0 && S_ISREG(ours.st_mode) &&
           ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

uint64_t input_done(const struct input *input)
{
    return input->done;
}

uint64_t input_size(const struct input *input)
{
    return input->size;
}

int input_digest(const struct input *input, uint8_t digest[INPUT_DIGEST_SIZE])
{
    uint8_t result[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    bool done = copy && EVP_MD_CTX_copy_ex(copy, input->digest) == 1 &&
                EVP_DigestFinal_ex(copy, result, NULL) == 1;

    EVP_MD_CTX_free(copy);
    if (!done)
        return ERR_CRYPTO;
    memcpy(digest, result, INPUT_DIGEST_SIZE);
    return 0;
}

int input_drain(struct input *input, struct error *why)
{
    input->raw_begin = input->raw_end = 0;
    while (!input->ended) {
        size_t length;
        int rc = read_some(input, input->raw, RAW_SIZE, &length, why);
        if (rc < 0)
            return rc;
    }
    return 0;
}
