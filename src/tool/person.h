/* `optout person`: a dossier in three shapes. */
#ifndef TOOL_PERSON_H
#define TOOL_PERSON_H

#include "base/text.h"
#include "tool/dossier.h"

/* Lines for a terminal. */
void person_show_text(const struct dossier *dossier);

/* One object that begins, and one for each fact. */
void person_show_json(const struct dossier *dossier);

/* Appends a page to hand over. As paper_make. */
int person_make_page(const struct dossier *dossier, struct text *html, struct error *why);

/* What a fact says in one line without time and number, "opt-out of acme, source web"; of a verdict
 * what became of the mail, of a reading who was shown what. */
void person_append_fact(struct text *line, const struct dossier *dossier, const struct fact *fact);

/* "choice", "withdrawal", "reason", "proposal", "decision", "erasure", "notice", "verdict",
 * "reading", "other". */
const char *person_fact_name(enum fact_kind kind);
/* "handed-on", "kept-back", "put-off", "held", "deleted", "left". */
const char *person_fate_name(enum mail_fate fate);

/* Whether mail may go out, in words: "may be mailed", "is kept back: opted out", ... */
const char *person_prospect_text(const struct prospect *prospect);

/* What is kept of a stream's mail that went out as it came, in words. */
const char *person_recorded_text(const struct prospect *prospect);

/* How an event is called to people: "event 5" of the list; "verdict 7", "reading 8" and "erasure 9"
 * of the ledger; "" for what is no event. */
#define PERSON_EVENT_SIZE 64
const char *person_event_name(const struct dossier *dossier, const struct fact *fact,
                              char text[PERSON_EVENT_SIZE]);

#endif
