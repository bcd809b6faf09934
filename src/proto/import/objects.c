/* JSON objects, one a line, as rows of fields: a member for each column, all of them text. */
#include "lines.h"

#include <base/limits.h>
#include <proto/api.h>

struct objects {
    struct api_field fields[ROW_FIELDS_MAX];
    size_t n;
    row_taker take;
    void *context;
};

static enum result give_object(const struct objects *objects, struct bytes line, uint32_t number,
                               struct err *err)
{
    CLEANUP(api_body_freep) struct api_body *owner = NULL;
    struct row row = {.line = number, .n = objects->n, .is_too_long = line.n > LIMIT_IMPORT_LINE};
    const struct api_shape shape = {objects->fields, objects->n};
    struct err why = {0};
    if (!row.is_too_long && api_read(line, shape, row.fields, &owner, &why) != OK) {
        if (why.code != E_SYNTAX)
            return err_set(err, why.code, "%s", why.text);
        row = (struct row){.line = number, .broken = why.text};
    }
    return objects->take(objects->context, &row, err);
}

enum result objects_read(struct bytes text, const struct names *names, row_taker take,
                         void *context, struct err *err)
{
    struct objects objects = {.n = names->n, .take = take, .context = context};
    for (size_t i = 0; i < names->n; i++)
        objects.fields[i] = (struct api_field){
            .name = names->names[i],
            .kind = API_LINES,
            .offset = i * sizeof(struct bytes),
            .size = sizeof(struct bytes),
            .max = LIMIT_IMPORT_LINE,
        };
    for (uint32_t number = 1; text.n > 0; number++) {
        struct bytes line = line_first(text);
        text = bytes_slice(text, line.n, text.n);
        if (!line_is_blank(line))
            TRY(give_object(&objects, line, number, err));
    }
    return OK;
}
