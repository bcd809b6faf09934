/* Boundaries, and bindings: who may do what at a service that boundaries guard. */
#ifndef TRUST_BOUNDARY_WORDS_H
#define TRUST_BOUNDARY_WORDS_H

#include <stdbool.h>

/* Numbers of rows. */
enum boundary_state {
    BOUNDARY_NONE = 0,
    BOUNDARY_OPEN,   /* it never enrolled: its token waits */
    BOUNDARY_IN_USE, /* it has a certificate */
    BOUNDARY_ENDED,
    BOUNDARY_STATE_COUNT
};
#define SERVICE_IN_USE 1
#define SERVICE_ENDED 2
#define SERVICE_AGE_S 300 /* so old may be what a boundary knows, unless somebody says else */
#define BINDING_IN_USE 1
#define BINDING_ENDED 2

/* As enum service_kind of wire/service.h: a test holds the two together. */
enum binding_kind {
    BINDING_NONE = 0,
    BINDING_PRODUCT, /* all devices of a product */
    BINDING_OWNER,   /* of an owner, or of him and a product */
    BINDING_DEVICE,
    BINDING_KIND_COUNT
};

/* Bit 1 << n of a binding's actions: PATTERN_* of wire/pattern.h. */
enum binding_action {
    BINDING_CONNECT = 0,
    BINDING_PUBLISH,
    BINDING_SUBSCRIBE,
    BINDING_REQUEST,
    BINDING_ACTION_COUNT
};

/* "none" for zero and for what does not exist; of an action NULL. */
const char *boundary_state_word(enum boundary_state state);
const char *binding_kind_word(enum binding_kind kind);
const char *binding_action_word(enum binding_action action);

#endif
