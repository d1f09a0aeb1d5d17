/* Colours, and whether text in them can be read: WCAG 2.1, success criteria 1.4.3 and 1.4.11. */
#ifndef CORE_COLOR_H
#define CORE_COLOR_H

#include <stdint.h>

#define COLOR_CONTRAST_MIN 4.5 /* for text of any size, level AA */

/* What the pages are painted on, 0xRRGGBB. */
#define COLOR_PAPER_LIGHT UINT32_C(0xffffff)
#define COLOR_PAPER_DARK UINT32_C(0x1c1e22)

/* "#1a2b3c", either case, to 0xRRGGBB: 0, ERR_SYNTAX. */
int color_parse(const char *text, uint32_t *color);

/* From 1 (the same) to 21 (black and white), in either sequence. */
double color_contrast(uint32_t a, uint32_t b);

/* Black or white, whichever can be read better on it. */
uint32_t color_ink(uint32_t color);

/* The colour, mixed with as little white as gives it COLOR_CONTRAST_MIN on dark paper. */
uint32_t color_for_dark(uint32_t color);

#endif
