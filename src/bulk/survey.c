#include "bulk/survey.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

void survey_count(struct import_tally *tally, const char *word)
{
    char text[IMPORT_WORD_SIZE];
    size_t i = 0;

    snprintf(text, sizeof text, "%s", word && *word ? word : "-");
    while (i < tally->count && strcmp(tally->words[i].text, text) != 0)
        i++;
    if (i == IMPORT_WORDS) {
        tally->others++;
        return;
    }
    if (i == tally->count) {
        memcpy(tally->words[i].text, text, sizeof text);
        tally->words[i].count = 0;
        tally->count++;
    }
    tally->words[i].count++;
}

/* --- samples --- */

/* Of each part the first character and the end of the domain: enough to see that the right column
 * was read, too little to know who it is. */
static void mask(const struct row_who *who, char *sample)
{
    if (who->has_address && who->domain) {
        snprintf(sample, IMPORT_SAMPLE_SIZE, "%.*s", IMPORT_SAMPLE_SIZE - 1, who->address.text);
    } else if (who->has_address) {
        const char *domain = who->address.text + who->address.at + 1;
        const char *dot = strrchr(domain, '.');
        /* The first character may have several octets. */
        int first = 1;
        while ((who->address.text[first] & 0xc0) == 0x80)
            first++;
        snprintf(sample, IMPORT_SAMPLE_SIZE, "%.*s***@%c***%.60s", first, who->address.text,
                 *domain, dot ? dot : "");
    } else if (who->has_digest) {
        snprintf(sample, IMPORT_SAMPLE_SIZE, "sha256 %02x%02x***", who->digest[0], who->digest[1]);
    } else {
        snprintf(sample, IMPORT_SAMPLE_SIZE, "subject %02x%02x***", who->subject.bytes[0],
                 who->subject.bytes[1]);
    }
}

/* Ten of all rows, each as likely as another, and the same ones each time. */
static void take_sample(const struct row *row, uint64_t number, struct import_report *report)
{
    size_t at = report->sample_count;

    if (at == IMPORT_SAMPLES) {
        uint64_t mixed = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
        at = (size_t)((mixed ^ mixed >> 32) % number);
    }
    if (at >= IMPORT_SAMPLES)
        return;
    mask(&row->who, report->samples[at]);
    if (at == report->sample_count)
        report->sample_count++;
}

/* --- rows --- */

static const char *status_of(const struct row *row)
{
    if (row->status)
        return row->status;
    switch (row->what) {
    case ROW_OPT_OUT:
        return "opt-out";
    case ROW_BLOCK:
        return "block";
    case ROW_OPT_IN:
        return "subscribed";
    case ROW_WITHDRAWAL:
        return "withdrawal";
    case ROW_REJECTED:
        return "rejected";
    case ROW_NOTHING:
        break;
    }
    return "nothing";
}

static void look_for_exempt(const struct policy *policy, const struct row *row,
                            struct import_report *report)
{
    for (size_t i = 0; i < policy->exemption_count; i++) {
        const struct patterns *patterns = &policy->exemptions[i].match[MATCH_RECIPIENT];
        for (size_t j = 0; j < patterns->count; j++)
            if (text_glob(patterns->globs[j], row->who.address.text)) {
                survey_count(&report->exempt, policy->exemptions[i].name);
                break;
            }
    }
}

void survey_row(const struct import_request *request, const struct row *row,
                struct import_report *report)
{
    bool keeps_back = row->what == ROW_OPT_OUT || row->what == ROW_BLOCK;

    survey_count(&report->statuses, status_of(row));
    if (row->what != ROW_REJECTED && row->what != ROW_NOTHING)
        take_sample(row, report->counts[BATCH_READ], report);
    if (!keeps_back || !row->who.has_address || row->who.domain || !request->policy)
        return;
    if (policy_is_companion(request->policy, &row->who.address))
        survey_count(&report->companions, row->who.address.text);
    look_for_exempt(request->policy, row, report);
}

void survey_choice(const char *scope, int64_t asked, struct import_report *report)
{
    survey_count(&report->scopes, scope);
    if (asked == 0)
        return;
    if (report->first_asked == 0 || asked < report->first_asked)
        report->first_asked = asked;
    if (asked > report->last_asked)
        report->last_asked = asked;
}
