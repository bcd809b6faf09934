#include "answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool header_value(const char *line, const char *name, char ret[CLIENT_TEXT_MAX])
{
    size_t n = strlen(name);
    if (strncasecmp(line, name, n) != 0 || line[n] != ':')
        return false;
    const char *from = line + n + 1 + strspn(line + n + 1, " \t");
    size_t at = 0;
    while (at + 1 < CLIENT_TEXT_MAX && from[at] > 0x1f && from[at] < 0x7f) {
        ret[at] = from[at];
        at++;
    }
    while (at > 0 && ret[at - 1] == ' ')
        at--;
    ret[at] = '\0';
    return true;
}

uint32_t header_retry_after_s(const char *text)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || *text == '-')
        return 0;
    return value < CLIENT_RETRY_AFTER_MAX_S ? (uint32_t)value : CLIENT_RETRY_AFTER_MAX_S;
}

enum result explain_failure(CURLcode code, const char *peer, const char *problem, struct err *err)
{
    static const struct {
        CURLcode code;
        enum code means;
    } table[] = {
        {CURLE_PEER_FAILED_VERIFICATION, E_TLS}, {CURLE_SSL_CONNECT_ERROR, E_TLS},
        {CURLE_SSL_CACERT_BADFILE, E_KEY},       {CURLE_SSL_CERTPROBLEM, E_KEY},
        {CURLE_OUT_OF_MEMORY, E_MEMORY},         {CURLE_URL_MALFORMAT, E_USAGE},
    };
    const char *words = problem[0] != '\0' ? problem : curl_easy_strerror(code);
    enum code means = E_UNREACHABLE;
    for (size_t i = 0; i < LENGTH_OF(table); i++)
        if (table[i].code == code)
            means = table[i].means;
    return err_set(err, means, "%s: %s", peer, words);
}

bool header_append(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer == NULL)
        return false;
    *list = longer;
    return true;
}

void header_list_free(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}
