// What url_parse reads, it reads again from its parts; nothing of it can end a line or name a user.
#include "fuzz.h"

#include <base/address.h>
#include <base/url.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[2 * URL_TEXT_MAX];
    struct url url, again;
    if (size >= sizeof(text) || memchr(data, 0, size) != NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (url_parse(text, &url, NULL) != OK)
        return 0;
    must(size < URL_TEXT_MAX && url.port != 0);
    must(url.is_literal ? is_ip_literal(url.host) : is_host_name(url.host));
    must(strncmp(text, url.base, strlen(url.base)) == 0);
    must(strpbrk(url.base, "@#?\\ \r\n") == NULL);
    for (size_t i = 0; i < size; i++)
        must(data[i] > ' ' && data[i] < 0x7f);
    must(url_parse(url.base, &again, NULL) == OK);
    must(strcmp(again.host, url.host) == 0 && again.port == url.port);
    return 0;
}
