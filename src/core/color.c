#include "core/color.h"

#include "base/error.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

#define WHITE UINT32_C(0xffffff)
#define BLACK UINT32_C(0)

static unsigned channel(uint32_t color, unsigned shift)
{
    return (color >> shift) & 0xff;
}

int color_parse(const char *text, uint32_t *color)
{
    uint8_t bytes[3];

    if (text[0] != '#' || text_from_hex(text + 1, sizeof bytes, bytes) < 0)
        return ERR_SYNTAX;
    *color = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
    return 0;
}

/* WCAG 2.1, definition of relative luminance. */
static double linear(unsigned value)
{
    double part = value / 255.0;
    return part <= 0.03928 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
}

static double luminance(uint32_t color)
{
    return 0.2126 * linear(channel(color, 16)) + 0.7152 * linear(channel(color, 8)) +
           0.0722 * linear(channel(color, 0));
}

double color_contrast(uint32_t a, uint32_t b)
{
    double first = luminance(a) + 0.05, second = luminance(b) + 0.05;
    return first > second ? first / second : second / first;
}

uint32_t color_ink(uint32_t color)
{
    return color_contrast(color, WHITE) >= color_contrast(color, BLACK) ? WHITE : BLACK;
}

/* `part` of 16 parts are white. */
static uint32_t mix_white(uint32_t color, unsigned part)
{
    uint32_t mixed = 0;

    for (unsigned shift = 0; shift <= 16; shift += 8)
        mixed |= (uint32_t)((channel(color, shift) * (16 - part) + 255 * part) / 16) << shift;
    return mixed;
}

uint32_t color_for_dark(uint32_t color)
{
    unsigned part = 0;

    while (color_contrast(mix_white(color, part), COLOR_PAPER_DARK) < COLOR_CONTRAST_MIN)
        part++; /* white itself is enough */
    return mix_white(color, part);
}
