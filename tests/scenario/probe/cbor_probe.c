/* For test_96_cbor.py: of each line of hexadecimal digits, is it one item that we read? 1 or 0. */
#include <wire/cbor.h>
#include <wire/hex.h>

#include <stdio.h>
#include <string.h>

#define LINE_MAX 4096

int main(void)
{
    static char line[LINE_MAX + 2];
    uint8_t octets[LINE_MAX / 2];
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct buf b = buf_over(octets, sizeof octets);
        if (!hex_decode(&b, bytes_of(line, strcspn(line, "\n"))))
            return 1;
        struct reader r = reader_of(buf_bytes(&b));
        cbor_skip(&r);
        puts(reader_end(&r) ? "1" : "0");
    }
    return 0;
}
