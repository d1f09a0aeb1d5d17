/* The geometry of a chart of stacked columns, for a stylesheet that draws it as SVG.
 *
 * Kept tools for this bring a toolkit of fonts and pictures with them, and put colours into the
 * drawing, so that it cannot follow the reader from light to dark and to paper; a column is a
 * rectangle. */
#ifndef TOOL_REPORT_CHART_H
#define TOOL_REPORT_CHART_H

#include "speech/document.h"

#include <jansson.h>

#define CHART_WIDTH 720
#define CHART_HEIGHT 240
#define CHART_SERIES 8 /* that are told apart; of more, the smallest are one, as "others" */

/* Adds <chart> for what series_json made: <series name total class>, <line y label> of the scale,
 * <part label total> with <bar class name count x y width height>, <mark x label> below. Nothing
 * where nothing was counted. All lengths are in units of a drawing of CHART_WIDTH by CHART_HEIGHT.
 */
void chart_add(struct document *document, xmlNode *parent, json_t *series);

#endif
