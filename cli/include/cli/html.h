/* Text for a page of HTML. */
#ifndef CLI_HTML_H
#define CLI_HTML_H

#include <jansson.h>

#include <stdio.h>

/* Escaped: nothing in it is markup. NULL writes nothing. */
void html_text(const char *text, FILE *to);

/* A member of an object, a string, escaped. */
void html_member(const json_t *object, const char *member, FILE *to);

#endif
