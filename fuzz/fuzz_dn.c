// Names as text: what is read is what the writer writes of a name with the same values, in its
// order.
#include "fuzz.h"

#include <wire/dn.h>
#include <wire/oid.h>
#include <wire/utf8.h>
#include <wire/x509_name.h>

struct part {
    const char *label, *value;
    struct bytes oid;
};

// Where a label stands in the text: at its beginning, or behind a comma that no backslash escapes.
static size_t place_of(struct bytes text, const char *label)
{
    size_t n = strlen(label);
    bool is_begin = true;
    for (size_t i = 0; i < text.n; i++) {
        if (is_begin && text.n - i >= n && memcmp(text.p + i, label, n) == 0)
            return i;
        is_begin = text.p[i] == ',';
        i += text.p[i] == '\\' ? 1 : 0;
    }
    return text.n;
}

static void write_again(const struct dn *dn, struct bytes text)
{
    struct part parts[] = {{"CN=", dn->common_name, oid_common_name},
                           {"OU=", dn->organizational_unit, oid_organizational_unit},
                           {"O=", dn->organization, oid_organization},
                           {"serialNumber=", dn->serial_number, oid_serial_number}};
    struct x509_name_part ordered[4];
    uint8_t memory[1024], out[DN_MAX];
    size_t n = 0, least = 0;
    while (n < 4) { // the last of the text is the first of the name
        size_t best = 4;
        for (size_t i = 0; i < 4; i++)
            if (parts[i].value[0] != '\0' && place_of(text, parts[i].label) >= least &&
                (best == 4 || place_of(text, parts[i].label) < place_of(text, parts[best].label)))
                best = i;
        if (best == 4)
            break;
        least = place_of(text, parts[best].label) + 1;
        n++;
        ordered[4 - n] = (struct x509_name_part){
            parts[best].oid, bytes_of(parts[best].value, strlen(parts[best].value))};
    }
    struct buf name = buf_over(memory, sizeof memory), again = buf_over(out, sizeof out);
    x509_write_name(&name, ordered + 4 - n, n);
    if (!buf_ok(&name)) // a serial number that is no PrintableString
        return;
    dn_write(&again, buf_bytes(&name));
    must(bytes_equal(buf_bytes(&again), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_of(data, size);
    uint8_t out[DN_MAX];
    struct buf b = buf_over(out, sizeof out);
    struct dn dn;
    const char *why = NULL;
    dn_write(&b, text);
    if (!dn_read(text, &dn, &why)) {
        must(why != NULL);
        return 0;
    }
    must(dn.common_name[0] || dn.organizational_unit[0] || dn.organization[0] ||
         dn.serial_number[0]);
    must(memchr(dn.common_name, 0, DN_VALUE) && memchr(dn.serial_number, 0, DN_VALUE));
    write_again(&dn, text);
    return 0;
}
