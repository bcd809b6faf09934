#include <gate/gate.h>

int main(int argc, char **argv)
{
    (void)argc;
    return gate_main(argv);
}
