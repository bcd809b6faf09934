/* Metrics as text: OpenMetrics 1.0, or for who asks for nothing but text/plain Prometheus' 0.0.4.
 */
#ifndef HTTP_SAMPLES_H
#define HTTP_SAMPLES_H

#include <wire/bytes.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct samples {
    FILE *file;
    char *text;
    size_t n;
    bool is_plain;      /* 0.0.4 */
    bool has_measures;  /* the reader's were asked for */
    const void *family; /* whose TYPE line was written last */
};

struct samples *samples_new(bool is_plain); /* NULL without memory */
void samples_free(void *samples);

/* One sample; those of one family come one after the other. A name that no family has is passed
 * over: the families are the table in samples.c. */
void samples_add(struct samples *samples, const char *name, const char *labels, int64_t value,
                 int64_t at_ms);

/* Ends the text. False without memory. */
bool samples_end(struct samples *samples);

/* The media type of the text. */
const char *samples_media(const struct samples *samples);

#endif
