#include <trust/boundary_words.h>

#include <stddef.h>

static const char *const states[BOUNDARY_STATE_COUNT] = {"none", "open", "in-use", "ended"};
static const char *const kinds[BINDING_KIND_COUNT] = {"none", "product", "owner", "device"};
static const char *const actions[BINDING_ACTION_COUNT] = {"connect", "publish", "subscribe",
                                                          "request"};

const char *boundary_state_word(enum boundary_state state)
{
    return states[(unsigned)state < BOUNDARY_STATE_COUNT ? state : BOUNDARY_NONE];
}

const char *binding_kind_word(enum binding_kind kind)
{
    return kinds[(unsigned)kind < BINDING_KIND_COUNT ? kind : BINDING_NONE];
}

const char *binding_action_word(enum binding_action action)
{
    return (unsigned)action < BINDING_ACTION_COUNT ? actions[action] : NULL;
}
