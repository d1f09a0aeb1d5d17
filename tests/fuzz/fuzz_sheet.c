/* Separated values that anybody may have written. */
#include "list.h"

#include "exchange/sheet.h"

static void check_row(const struct sheet_row *row, uint64_t before)
{
    PROMISE(row->line > before);
    PROMISE(row->fault == FAULT_NONE || row->fault == FAULT_QUOTE || row->fault == FAULT_LONG ||
            row->fault == FAULT_SIZE);
    PROMISE(row->count <= SHEET_CELLS_MAX);
    if (row->fault != FAULT_NONE)
        return;
    size_t sum = 0;
    for (size_t i = 0; i < row->count; i++) {
        PROMISE(row->cells[i].text[row->cells[i].length] == '\0');
        sum += row->cells[i].length;
    }
    PROMISE(sum > 0 && sum <= row->length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct window window;
    struct sheet *sheet;
    struct sheet_row row;
    uint64_t line = 0;
    int rc;

    struct input *input = fuzz_input(data, size, NULL);
    if (!input)
        return 0;
    PROMISE(window_open(&window, input) == 0);
    PROMISE(sheet_open(&window, 0, &sheet, NULL) == 0);
    while ((rc = sheet_next(sheet, &row, NULL)) == 1) {
        check_row(&row, line);
        line = row.line;
        sheet_set_width(sheet, row.count);
    }
    PROMISE(rc == 0 && sheet_next(sheet, &row, NULL) == 0);
    PROMISE(line <= size + 1);
    sheet_close(sheet);
    window_close(&window);
    input_close(input);
    return 0;
}
