#include <wire/cbor.h>

// An open container. `left` counts elements, in a map pairs, of which `map` holds the keys to
// order.
struct level {
    size_t left;
    bool is_map;
    bool is_value_due;
    struct cbor_map map;
};

// Reads one item or, of a container, its head; what it holds goes into `level`.
typedef void skip_function(struct reader *r, struct level *level);

static void skip_none(struct reader *r, struct level *level)
{
    (void)level;
    reader_fail(r, "RFC 8949 4.2.1: item is missing or of a kind that is not accepted");
}

static void skip_uint(struct reader *r, struct level *level)
{
    (void)level;
    cbor_read_uint(r);
}

static void skip_negative(struct reader *r, struct level *level)
{
    (void)level;
    cbor_read_int(r);
}

static void skip_bytes(struct reader *r, struct level *level)
{
    (void)level;
    cbor_read_bytes(r);
}

static void skip_text(struct reader *r, struct level *level)
{
    (void)level;
    cbor_read_text(r);
}

static void skip_simple(struct reader *r, struct level *level)
{
    (void)level;
    reader_u8(r);
}

static void open_tag(struct reader *r, struct level *level)
{
    cbor_read_tag(r);
    level->left = 1;
}

static void open_array(struct reader *r, struct level *level)
{
    level->left = cbor_read_array(r);
}

static void open_map(struct reader *r, struct level *level)
{
    level->map = cbor_read_map(r);
    level->left = level->map.left;
    level->is_map = true;
}

static void skip_head(struct reader *r, struct level *level)
{
    static skip_function *const by_type[] = {
        [CBOR_NONE] = skip_none,   [CBOR_UINT] = skip_uint, [CBOR_NEGATIVE] = skip_negative,
        [CBOR_BYTES] = skip_bytes, [CBOR_TEXT] = skip_text, [CBOR_ARRAY] = open_array,
        [CBOR_MAP] = open_map,     [CBOR_TAG] = open_tag,   [CBOR_BOOL] = skip_simple,
        [CBOR_NULL] = skip_simple,
    };
    *level = (struct level){0};
    by_type[cbor_peek(r)](r, level);
}

// Passes a key, or one element of the container at `level`; `inner` gets what that element
// contains.
static void skip_element(struct reader *r, struct level *level, struct level *inner)
{
    struct cbor_key key;
    *inner = (struct level){0};
    if (level->is_map && !level->is_value_due) {
        level->is_value_due = cbor_map_next(&level->map, r, &key);
        return;
    }
    level->is_value_due = false;
    level->left--;
    skip_head(r, inner);
}

void cbor_skip(struct reader *r)
{
    struct level levels[CBOR_DEPTH_MAX + 1] = {{.left = 1}}; // the outermost holds the item itself
    size_t open = 1;
    while (open > 0 && reader_ok(r)) {
        struct level inner;
        if (levels[open - 1].left == 0) {
            open--;
            continue;
        }
        skip_element(r, &levels[open - 1], &inner);
        if (inner.left == 0)
            continue;
        if (open > CBOR_DEPTH_MAX)
            reader_fail(r, "CBOR: nested deeper than we follow");
        else
            levels[open++] = inner;
    }
}
