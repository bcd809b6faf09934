#include <cli/commands.h>

int main(int argc, char **argv)
{
    (void)argc;
    return troth_run(argv);
}
