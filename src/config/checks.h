/* Checks of single values, for the table of options.
 *
 * Each takes a value that is valid UTF-8, not empty and without control characters, and returns 0,
 * or ERR_CONFIG with a sentence that goes on after the option's name. */
#ifndef CONFIG_CHECKS_H
#define CONFIG_CHECKS_H

#include "base/error.h"

int check_folder(const char *value, struct error *why);     /* an absolute path */
int check_listen(const char *value, struct error *why);     /* where the milter waits */
int check_web_listen(const char *value, struct error *why); /* where optout-web waits */
int check_rate(const char *value, struct error *why);       /* requests in a minute */
int check_public_url(const char *value, struct error *why); /* with or without its final slash */
int check_mailto(const char *value, struct error *why);
int check_network(const char *value, struct error *why);
int check_companion(const char *value, struct error *why);
int check_account(const char *value, struct error *why); /* a name of a user or group */
int check_store_size(const char *value, struct error *why);
int check_smtp_server(const char *value, struct error *why);
int check_checkpoint_to(const char *value, struct error *why); /* syslog, mail:, command: */
int check_connections(const char *value, struct error *why);
int check_request_seconds(const char *value, struct error *why);
int check_scope(const char *value, struct error *why);
int check_dates(const char *value, struct error *why);
int check_map(const char *value, struct error *why);     /* TAG=SCOPE */
int check_max_new(const char *value, struct error *why); /* a number, or none */
int check_age(const char *value, struct error *why);
int check_retention(const char *value, struct error *why);
int check_effect_limit(const char *value, struct error *why); /* NAME=48h */
int check_title(const char *value, struct error *why);
int check_language(const char *value, struct error *why);
int check_picture(const char *value, struct error *why);
int check_color(const char *value, struct error *why);      /* legible on light paper */
int check_color_dark(const char *value, struct error *why); /* and on dark */
int check_link(const char *value, struct error *why);       /* of https or http */
int check_reason(const char *value, struct error *why);
int check_recipients(const char *value, struct error *why);
int check_list_id(const char *value, struct error *why);       /* RFC 2919 sections 2 and 3 */
int check_match_sender(const char *value, struct error *why);  /* the same, or <> */
int check_match_address(const char *value, struct error *why); /* a glob that an address can fit */
int check_match_client(const char *value, struct error *why);
int check_match_header(const char *value, struct error *why); /* "Name: glob", RFC 5322 s. 3.6.8 */

#endif
