/* One verb on many devices: where it is. */
#ifndef TRUST_BULK_H
#define TRUST_BULK_H

enum bulk_state {
    BULK_NONE = 0,
    BULK_WAITING, /* counted; it has not begun */
    BULK_RUNNING,
    BULK_ENDED,
    BULK_DROPPED, /* nobody let it begin */
    BULK_STATE_COUNT
};

const char *bulk_state_word(enum bulk_state state);

#endif
