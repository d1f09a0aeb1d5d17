/* Log lines, to syslog's mail facility or to standard error. Safe from any thread. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/* From now on lines go to syslog (LOG_MAIL) under this name, which must stay valid. */
void log_to_syslog(const char *name);

/* From now on lines go to standard error, which is also the state at start. Under systemd each line
 * bears its level in the form of sd-daemon(3), so that the journal files it rightly. */
void log_to_stderr(void);

/* One line each, without a line break at the end. Control characters are shown as '?': what a mail
 * says of itself must not be able to forge a second line. Lines are cut at 4,096 bytes. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
