#include <cli/html.h>

void html_text(const char *text, FILE *to)
{
    for (; text != NULL && *text != '\0'; text++)
        if (*text == '&')
            fputs("&amp;", to);
        else if (*text == '<')
            fputs("&lt;", to);
        else if (*text == '>')
            fputs("&gt;", to);
        else if (*text == '"')
            fputs("&quot;", to);
        else if (*text == '\'')
            fputs("&#39;", to);
        else
            fputc(*text, to);
}

void html_member(const json_t *object, const char *member, FILE *to)
{
    html_text(json_string_value(json_object_get(object, member)), to);
}
