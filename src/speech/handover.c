#include "speech/handover.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#define CONNECT_SECONDS 5L
#define ALL_SECONDS 30L

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start_library(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct upload {
    const char *data;
    size_t left;
};

static size_t read_upload(char *buffer, size_t size, size_t count, void *argument)
{
    struct upload *upload = argument;
    size_t length = size * count < upload->left ? size * count : upload->left;

    memcpy(buffer, upload->data, length);
    upload->data += length;
    upload->left -= length;
    return length;
}

/* Called about once a second; anything but 0 breaks it off. */
static int look_up(void *argument, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const atomic_bool *stop = argument;
    (void)a, (void)b, (void)c, (void)d;
    return stop && *stop;
}

/* Without a sender the library says MAIL FROM:<>. No proxy of the environment, no signals, and
 * nothing but SMTP. */
static void prepare(CURL *curl, const char *url, struct curl_slist *to, struct upload *upload)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, ALL_SECONDS);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_upload);
    curl_easy_setopt(curl, CURLOPT_READDATA, upload);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)upload->left);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_up);
}

int handover_send(const char *server, const char *to, const struct text *message,
                  const atomic_bool *stop, struct error *why)
{
    struct upload upload = {message->data, message->length};
    struct text url = TEXT_EMPTY, path = TEXT_EMPTY;
    char said[CURL_ERROR_SIZE] = "";
    struct curl_slist *recipients = NULL;
    int code = error_set(why, -ENOMEM, "no memory to send a mail");

    pthread_once(&once, start_library);
    CURL *curl = curl_easy_init();
    text_format(&url, "smtp://%s", server);
    text_format(&path, "<%s>", to);
    if (curl && !url.failed && !path.failed)
        recipients = curl_slist_append(NULL, path.data);
    if (recipients) {
        prepare(curl, url.data, recipients, &upload);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, said);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, stop);
        CURLcode result = curl_easy_perform(curl);
        code = result == CURLE_OK ? 0
                                  : error_set(why, -EIO, "%s took no mail: %.300s", server,
                                              *said ? said : curl_easy_strerror(result));
    }
    curl_slist_free_all(recipients);
    curl_easy_cleanup(curl);
    text_release(&url);
    text_release(&path);
    return code;
}
