/* Standard input, output and error. */
#ifndef BASE_STREAMS_H
#define BASE_STREAMS_H

/* Puts something in the place of each that is closed, before the first file is opened: a store's
 * file that got its number would have words written into it, or be closed where a daemon lets go of
 * its terminal. What takes its place fails when it is used. */
void streams_hold(void);

#endif
