/* The transcript of a root's ceremony: text that people read and print, each step chained to the
 * one before it, so that whoever signed a step signed all before. Private to app.
 *
 *   Troth root ceremony, transcript 1
 *
 *   step 1 begin
 *   at 2026-12-01T10:00:00Z
 *   by trothd 0.1.0
 *   present Ada, Grace
 *   NAME VALUE                  facts, of that step: root_ceremony.h
 *   previous HEX                hash of the step before; of the first one, of the title's line
 *   hash HEX                    SHA-256 of the step's lines, "step" to "previous"
 *
 * There is one way to write it: what is read and written again is the same. */
#ifndef APP_TRANSCRIPT_H
#define APP_TRANSCRIPT_H

#include <base/err.h>
#include <wire/buf.h>

#define TRANSCRIPT_TITLE "Troth root ceremony, transcript 1"
#define TRANSCRIPT_MAX 131072 /* octets */
#define TRANSCRIPT_STEPS 96   /* an issuer's takes about 1,100 octets, a witness's 400 */

enum transcript_word {
    TRANSCRIPT_BEGIN,
    TRANSCRIPT_RESTORE,
    TRANSCRIPT_CRLS,
    TRANSCRIPT_ISSUER,
    TRANSCRIPT_WITNESS,
    TRANSCRIPT_WORDS
};
const char *transcript_word_name(enum transcript_word word);

/* All points into the text. */
struct transcript_step {
    enum transcript_word word;
    struct bytes at, present;
    struct bytes facts; /* whole lines */
    struct bytes previous, hash;
};

struct transcript {
    struct transcript_step steps[TRANSCRIPT_STEPS];
    size_t n;
};

/* Form and chain; what the facts say is root_ceremony.h's. E_TRANSCRIPT names the step. */
MUST_USE enum result transcript_parse(struct bytes text, struct transcript *ret, struct err *err);

/* Can it stand in a line? UTF-8 that no terminal acts on. */
bool transcript_is_text(struct bytes text);

/* The next fact of that name; `facts` is left behind it. False when there is none more. */
bool transcript_next(struct bytes *facts, const char *name, struct bytes *ret);

/* The one fact of that name. E_TRANSCRIPT when there is none or more. */
MUST_USE enum result transcript_fact(const struct transcript_step *step, const char *name,
                                     struct bytes *ret, struct err *err);

struct transcript_entry {
    enum transcript_word word;
    int64_t at_s;
    const char *present; /* one line */
    struct bytes facts;  /* whole lines, "NAME VALUE" */
};

/* Appends the step that follows `so_far`, whose text `text` has; the title first when it is empty.
 */
void transcript_put(struct buf *text, const struct transcript *so_far,
                    const struct transcript_entry *entry);

#endif
