// Patterns of bindings: which topics and paths a device may use.
//
// Of MQTT (publish, subscribe) a pattern is a topic filter (MQTT 5 section 4.7: + is one level, #
// at its end is all below and the level itself; neither stands for a first level that begins with
// $). Of HTTP (request) it is a path by segments: /a is /a and all below it, never /ab; /a/ is all
// below. %device%, %product% and %owner% are the device's own names, anywhere in it; another % is
// refused.
//
// A name that is empty, or has in it what would be more than text there (/ + # and control
// characters), fits nothing: a device whose serial number is # reads nobody's topics.
#pragma once

#include <wire/bytes.h>

#define PATTERN_MAX 256            // octets of a pattern
#define PATTERN_RESOURCE_MAX 65535 // octets of a topic (MQTT's own limit) or path

// What is done with a resource, as bits.
enum {
    PATTERN_CONNECT = 1, // needs no resource, and no pattern is looked at
    PATTERN_PUBLISH = 2,
    PATTERN_SUBSCRIBE = 4, // to a filter, and what is delivered of one
    PATTERN_REQUEST = 8,
};
#define PATTERN_ACTIONS 15

struct pattern_names {
    struct bytes device;
    struct bytes product;
    struct bytes owner;
};

// May this pattern stand in a binding with these actions? Empty with connect alone. On refusal
// false, *ret_why names the rule.
bool pattern_is_fit(struct bytes pattern, unsigned actions, const char **ret_why) WIRE_MUST_USE;

// Of a pattern that pattern_is_fit(). `topic` is a topic's name or, where `is_filter`, a filter, of
// which each topic must be the pattern's.
bool pattern_has_topic(struct bytes pattern, const struct pattern_names *names, struct bytes topic,
                       bool is_filter) WIRE_MUST_USE;

// Of topics: has it + or #, and no level that is the device's own, by %device% or, of one device,
// by its name (else empty)? It takes in what others have.
bool pattern_is_wide(struct bytes pattern, struct bytes device) WIRE_MUST_USE;

// `path` begins with /, and is compared as it stands, up to its query. One with an empty or dotted
// segment, a backslash, a control character, or an escape of . / \ % or of a control character has
// no pattern: two readers of it may see two paths.
bool pattern_has_path(struct bytes pattern, const struct pattern_names *names,
                      struct bytes path) WIRE_MUST_USE;
