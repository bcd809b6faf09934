#include "config_check.h"

#include <base/setting.h>

#include <string.h>

static void show_setting(const char *path, const struct setting *setting,
                         const struct config *config, FILE *to)
{
    char value[SETTING_VALUE_MAX];
    bool is_given = config_line(path, setting->section, setting->key, -1) > 0;
    const char *indent = setting->section != NULL ? "  " : "";
    setting_write(setting, config, value);
    if (value[0] == '\0') /* a text that has no value: its line would not read */
        fprintf(to, "%s# %s is not set\n", indent, setting->key);
    else
        fprintf(to, "%s%s: %s%s\n", indent, setting->key, value, is_given ? "" : " # default");
}

/* The settings at the top first: a section may be written once. */
void config_show(const char *path, const struct config *config, FILE *to)
{
    const struct setting *setting = NULL;
    const char *section = NULL;
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++)
        if (setting->section == NULL)
            show_setting(path, setting, config, to);
    for (size_t i = 0; (setting = setting_at(i)) != NULL; i++) {
        if (setting->section == NULL)
            continue;
        if (section == NULL || strcmp(section, setting->section) != 0)
            fprintf(to, "%s:\n", setting->section);
        section = setting->section;
        show_setting(path, setting, config, to);
    }
}
