#include <ledger/act.h>

static const char *const event_words[] = {
#define EVENT(number, NAME, word) [number] = word,
#include <ledger/events.def>
#undef EVENT
};

bool event_is_none(enum event event)
{
    return (size_t)event >= LENGTH_OF(event_words) || event_words[event] == NULL;
}

const char *event_word(enum event event)
{
    return event_is_none(event) ? "none" : event_words[event];
}

void act_begin(struct act *act, enum event event, int64_t at_s, struct actor actor, int64_t device)
{
    act->event = event;
    act->at_s = at_s;
    act->actor = actor;
    act->device = device;
    act->note = 0;
    act->personal = bytes_of(NULL, 0);
    act->n = 0;
    act->broken = false;
}

struct change *act_change(struct act *act, enum table table, int64_t id)
{
    if (act->n == ACT_CHANGES_MAX) {
        act->broken = true;
        return &act->changes[ACT_CHANGES_MAX - 1];
    }
    struct change *change = &act->changes[act->n++];
    change_begin(change, table, id);
    return change;
}
