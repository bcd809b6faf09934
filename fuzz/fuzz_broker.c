// Any text as a broker's configuration and its lines as options of the plugin: taken, or refused
// by a rule; and what bypasses plugins is not overlooked.
#include "fuzz.h"

#include <broker/settings.h>
#include <stdlib.h>

static void take_option(const uint8_t *data, size_t size)
{
    struct broker_settings settings = {0};
    struct err err = {0};
    char *text = malloc(size + 1);
    must(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    char *value = strchr(text, ' ');
    if (value != NULL)
        *value++ = '\0';
    if (broker_option(&settings, text, value != NULL ? value : "", &err) != OK)
        must(err.code == E_SYNTAX);
    else
        must(settings.state[0] + settings.service[0] + settings.product[0] + settings.config[0] !=
             0);
    free(text);
}

static enum result take_folder(const char *path, struct err *err)
{
    (void)err;
    must(strlen(path) < BROKER_PATH_MAX);
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char bypass[] = "\nuse_subject_as_username true\n";
    struct err err = {0};
    enum result result = broker_config_check("m.conf", bytes_of(data, size), take_folder, &err);
    must(result == OK || err.code == E_CONFLICT || err.code == E_SYNTAX);
    take_option(data, size);

    uint8_t *longer = malloc(size + sizeof bypass);
    must(longer != NULL);
    memcpy(longer, data, size);
    memcpy(longer + size, bypass, sizeof bypass - 1);
    result = broker_config_check("m.conf", bytes_of(longer, size + sizeof bypass - 1), NULL, &err);
    must(result != OK);
    free(longer);
    return 0;
}
