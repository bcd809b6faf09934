#include <proto/json.h>

#include <jansson.h>
#include <stdlib.h>

char *json_to_text(const struct json_t *json, size_t *ret_n)
{
    size_t n = json_dumpb(json, NULL, 0, JSON_COMPACT);
    char *text = n == 0 ? NULL : malloc(n + 1);
    if (text == NULL || json_dumpb(json, text, n, JSON_COMPACT) != n) {
        free(text);
        return NULL;
    }
    text[n] = '\0';
    if (ret_n != NULL)
        *ret_n = n;
    return text;
}
