// Whatever the file: a pack that keeps its limits, or a refusal that names the file and a line.
#include "fuzz.h"

#include <base/pack.h>
#include <wire/utf8.h>

static void must_be_line(const char *text, size_t least)
{
    size_t n = strlen(text);
    must(n >= least && utf8_is_valid(bytes_of(text, n)));
    for (size_t i = 0; i < n; i++)
        must((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static void must_be_control(const struct pack *pack, size_t at)
{
    const struct pack_control *control = &pack->controls[at];
    must_be_line(control->id, 1);
    must_be_line(control->was, 0);
    must_be_line(control->title, 1);
    must_be_line(control->note, 0);
    must(control->checks_n <= PACK_CHECK_MAX);
    for (size_t i = 0; i < control->checks_n; i++) {
        must(control->checks[i] >= 1 && control->checks[i] <= PACK_CHECK_MAX);
        must(memchr(control->checks, control->checks[i], i) == NULL);
    }
    for (size_t i = 0; i < at; i++)
        must(strcmp(pack->controls[i].id, control->id) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(pack_free) struct pack pack = {0};
    struct err err = {0};
    if (pack_read("f", bytes_of(data, size), &pack, &err) != OK) {
        must(err.code == E_PACK && strncmp(err.text, "f:", 2) == 0);
        must(pack.controls == NULL);
        return 0;
    }
    must_be_line(pack.name, 1);
    must_be_line(pack.title, 1);
    must_be_line(pack.edition, 1);
    must(pack.controls_n >= 1 && pack.controls_n <= PACK_CONTROLS_MAX);
    for (size_t i = 0; i < pack.controls_n; i++)
        must_be_control(&pack, i);
    return 0;
}
