"""The emulated board (device/board/m3: QEMU's mps2-an385, a Cortex-M3): how an image runs on it."""


def command(elf, *options, say="start"):
    """The words that start it in the folder where it runs, whose flash.bin is its flash. `say` is what it is told."""
    return ["qemu-system-arm", "-M", "mps2-an385", "-display", "none", "-monitor", "none", "-serial", "stdio",
            "-semihosting-config", f"enable=on,target=native,arg={say}", *options, "-kernel", str(elf)]


def loaded(name, at):
    """A file of that folder, in memory at power-on."""
    return ["-device", f"loader,file={name},addr={at:#x},force-raw=on"]


FLASH = loaded("flash.bin", 0x21000000)
SECRET = loaded("secret.bin", 0x21b00000)  # of measured boot: device/boot/m3/dice.h
COUNTED = ["-icount", "shift=6,sleep=off"]  # an instruction is 64 ns: device/board/m3/board.h
