/* A checkpoint as it stands in a signed note (C2SP tlog-checkpoint, signed-note): what it says.
 * NOT checked: the signatures. Whoever trusts what it says verifies them first (pki/note.h). */
#ifndef LEDGER_NOTE_H
#define LEDGER_NOTE_H

#include <base/err.h>
#include <wire/bytes.h>

#include <stdint.h>

struct note { /* points into what was parsed */
    struct bytes origin;
    uint64_t size;
    uint8_t root[32];
    struct bytes signed_text; /* with its last line feed */
    struct bytes signatures;  /* lines */
};

/* E_SYNTAX for anything but three lines, perhaps more, an empty one, and at least one signature
 * line. */
MUST_USE enum result note_parse(struct bytes note, struct note *ret, struct err *err);

#endif
