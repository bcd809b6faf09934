#include <wire/hex.h>
#include <wire/pattern.h>
#include <wire/utf8.h>

// Levels of a topic, segments of a path: what stands between slashes, of which there is one always.
struct levels {
    struct bytes rest;
    bool is_over;
};

static struct levels levels_of(struct bytes text)
{
    return (struct levels){.rest = text};
}

static bool next_level(struct levels *levels, struct bytes *ret)
{
    if (levels->is_over)
        return false;
    size_t n = 0;
    while (n < levels->rest.n && levels->rest.p[n] != '/')
        n++;
    *ret = bytes_of(levels->rest.p, n);
    levels->is_over = n == levels->rest.n;
    levels->rest = bytes_slice(levels->rest, n + 1, levels->rest.n);
    return true;
}

static bool is_control(uint8_t c)
{
    return c < 0x20 || c == 0x7f;
}

static bool has_any(struct bytes text, const char *of)
{
    for (size_t i = 0; i < text.n; i++) {
        if (is_control(text.p[i]))
            return true;
        for (const char *c = of; *c != '\0'; c++)
            if (text.p[i] == (uint8_t)*c)
                return true;
    }
    return false;
}

static bool is_one(struct bytes level, char c)
{
    return level.n == 1 && level.p[0] == (uint8_t)c;
}

// ---- names -------------------------------------------------------------------------------------

enum name { NAME_NONE, NAME_DEVICE, NAME_PRODUCT, NAME_OWNER, NAME_COUNT };

static const struct bytes words[NAME_COUNT] = {
    [NAME_DEVICE] = BYTES_TEXT_INIT("%device%"),
    [NAME_PRODUCT] = BYTES_TEXT_INIT("%product%"),
    [NAME_OWNER] = BYTES_TEXT_INIT("%owner%"),
};

// Which name stands at the beginning of this.
static enum name name_at(struct bytes text)
{
    for (enum name name = NAME_DEVICE; name < NAME_COUNT; name++)
        if (bytes_equal(bytes_slice(text, 0, words[name].n), words[name]))
            return name;
    return NAME_NONE;
}

static struct bytes value_of(const struct pattern_names *names, enum name name)
{
    const struct bytes values[NAME_COUNT] = {
        [NAME_DEVICE] = names->device,
        [NAME_PRODUCT] = names->product,
        [NAME_OWNER] = names->owner,
    };
    struct bytes value = values[name];
    bool is_more_than_text = value.n > 0 && (value.p[0] == '$' || has_any(value, "/+#"));
    return is_more_than_text ? bytes_of(NULL, 0) : value;
}

// Is `text` this level of a pattern, its names put in?
static bool is_level(struct bytes level, const struct pattern_names *names, struct bytes text)
{
    while (level.n > 0) {
        enum name name = name_at(level);
        struct bytes part = name == NAME_NONE ? bytes_of(level.p, 1) : value_of(names, name);
        if (part.n == 0 || !bytes_equal(bytes_slice(text, 0, part.n), part))
            return false;
        text = bytes_slice(text, part.n, text.n);
        level = bytes_slice(level, name == NAME_NONE ? 1 : words[name].n, level.n);
    }
    return text.n == 0;
}

// ---- what may stand ----------------------------------------------------------------------------

static bool has_known_names(struct bytes pattern)
{
    while (pattern.n > 0) {
        enum name name = name_at(pattern);
        if (name == NAME_NONE && pattern.p[0] == '%')
            return false;
        pattern = bytes_slice(pattern, name == NAME_NONE ? 1 : words[name].n, pattern.n);
    }
    return true;
}

// MQTT 5 section 4.7.1: wildcards are whole levels, and # is the last.
static bool is_filter_of(struct bytes text)
{
    struct levels levels = levels_of(text);
    struct bytes level;
    while (next_level(&levels, &level)) {
        bool is_wild = is_one(level, '+') || (is_one(level, '#') && levels.is_over);
        if (!is_wild && has_any(level, "+#"))
            return false;
    }
    return text.n > 0;
}

// "..;x" is ".." to some who read it.
static bool is_dotted(struct bytes segment)
{
    size_t n = 0;
    while (n < segment.n && segment.p[n] == '.')
        n++;
    return n > 0 && n <= 2 && (n == segment.n || segment.p[n] == ';');
}

static bool has_plain_segments(struct bytes path)
{
    if (path.n == 0 || path.p[0] != '/' || has_any(path, "\\#?"))
        return false;
    struct levels levels = levels_of(bytes_slice(path, 1, path.n));
    struct bytes segment;
    while (next_level(&levels, &segment))
        if (is_dotted(segment) || (segment.n == 0 && !levels.is_over))
            return false;
    return true;
}

static bool refuse(const char **ret_why, const char *rule)
{
    *ret_why = rule;
    return false;
}

bool pattern_is_fit(struct bytes pattern, unsigned actions, const char **ret_why)
{
    bool is_request = (actions & PATTERN_REQUEST) != 0;
    bool is_topic = (actions & (PATTERN_PUBLISH | PATTERN_SUBSCRIBE)) != 0;
    if (actions == 0 || (actions & ~(unsigned)PATTERN_ACTIONS) != 0)
        return refuse(ret_why, "pattern: actions of connect, publish, subscribe, request");
    if (!is_request && !is_topic)
        return pattern.n == 0 || refuse(ret_why, "pattern: connect alone has none");
    if (is_request && is_topic)
        return refuse(ret_why, "pattern: of topics or of paths, not of both");
    if (pattern.n == 0 || pattern.n > PATTERN_MAX)
        return refuse(ret_why, "pattern: 1 to 256 octets");
    if (!utf8_is_valid(pattern) || has_any(pattern, ""))
        return refuse(ret_why, "pattern: UTF-8 without control characters");
    if (!has_known_names(pattern))
        return refuse(ret_why, "pattern: %device%, %product% or %owner%, and no other %");
    if (is_request && !has_plain_segments(pattern))
        return refuse(ret_why,
                      "pattern: a path from / on, without empty or dotted segments, \\ # ?");
    if (is_topic && !is_filter_of(pattern))
        return refuse(ret_why, "MQTT 5 4.7.1: + and # are whole levels, # is the last");
    return true;
}

// ---- what it has -------------------------------------------------------------------------------

static bool has_levels(struct levels pattern, const struct pattern_names *names,
                       struct levels topic)
{
    struct bytes wanted, level;
    while (next_level(&pattern, &wanted)) {
        if (is_one(wanted, '#'))
            return true;
        if (!next_level(&topic, &level))
            return false;
        bool fits = is_one(wanted, '+') ? !is_one(level, '#') : is_level(wanted, names, level);
        if (!fits)
            return false;
    }
    return topic.is_over;
}

bool pattern_has_topic(struct bytes pattern, const struct pattern_names *names, struct bytes topic,
                       bool is_filter)
{
    if (topic.n == 0 || topic.n > PATTERN_RESOURCE_MAX || pattern.n == 0)
        return false;
    if (is_filter ? !is_filter_of(topic) : has_any(topic, "+#"))
        return false;
    bool begins_wild = pattern.p[0] == '+' || pattern.p[0] == '#';
    if (topic.p[0] == '$' && begins_wild) // MQTT 5 section 4.7.2
        return false;
    return has_levels(levels_of(pattern), names, levels_of(topic));
}

static bool names_device(struct bytes level)
{
    for (; level.n > 0; level = bytes_slice(level, 1, level.n))
        if (name_at(level) == NAME_DEVICE)
            return true;
    return false;
}

bool pattern_is_wide(struct bytes pattern, struct bytes device)
{
    struct levels levels = levels_of(pattern);
    struct bytes level;
    bool is_wild = false;
    while (next_level(&levels, &level)) {
        if (names_device(level) || (device.n > 0 && bytes_equal(level, device)))
            return false;
        is_wild = is_wild || is_one(level, '+') || is_one(level, '#');
    }
    return is_wild;
}

static bool has_harmless_escapes(struct bytes path)
{
    for (size_t i = 0; i < path.n; i++) {
        uint8_t octet = 0;
        struct buf b = buf_over(&octet, 1);
        if (path.p[i] != '%')
            continue;
        if (i + 2 >= path.n || !hex_decode(&b, bytes_of(path.p + i + 1, 2)) ||
            has_any(bytes_of(&octet, 1), "./\\%;"))
            return false;
    }
    return true;
}

static struct bytes without_query(struct bytes path)
{
    size_t n = 0;
    while (n < path.n && path.p[n] != '?')
        n++;
    return bytes_of(path.p, n);
}

bool pattern_has_path(struct bytes pattern, const struct pattern_names *names, struct bytes path)
{
    path = without_query(path);
    if (pattern.n == 0 || path.n > PATTERN_RESOURCE_MAX || !has_plain_segments(path) ||
        !has_harmless_escapes(path))
        return false;
    struct levels wanted_ones = levels_of(bytes_slice(pattern, 1, pattern.n));
    struct levels segments = levels_of(bytes_slice(path, 1, path.n));
    struct bytes wanted, segment;
    while (next_level(&wanted_ones, &wanted)) {
        if (wanted.n == 0) // the pattern ends with /
            return !segments.is_over;
        if (!next_level(&segments, &segment) || !is_level(wanted, names, segment))
            return false;
    }
    return true;
}
