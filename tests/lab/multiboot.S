# A Multiboot 1 program that needs no operating system: it enters 64-bit mode, says on the serial port what it has been
# told and what it finds, starts the other processors, and ends by port F4h. The first word of its command line is its name.
        .set    MAGIC, 0x1badb002
        .set    APIC, 0xfee00000
        .set    APIC_BASE, 0x1b
        .set    COM1, 0x3f8
        .set    VECTOR, 0x20

        .section .header, "a", @progbits
        .balign 4
        .long   MAGIC, 0, -MAGIC

        .section .bss
        .balign 4096
root:           .skip 4096
pointers:       .skip 4096
directories:    .skip 4096 * 4
interrupts:     .skip 4096
stacks:         .skip 4096 * 8
stacks_end:
information:    .skip 8
running:        .skip 4                         # other processors that have come up ...
taken:          .skip 4                         # ... and that have taken an interrupt

        .section .data
        .balign 8
gdt:    .quad   0
        .quad   0x00af9b000000ffff              # 08h: 64-bit code
        .quad   0x00cf93000000ffff              # 10h: data
        .quad   0x00cf9b000000ffff              # 18h: 32-bit code
gdt_register:
        .word   . - gdt - 1
        .long   gdt, 0
interrupt_register:
        .word   4095
        .quad   interrupts
next_stack:     .long stacks_end - 4096
extended:       .long 0                         # the APICs are in x2APIC mode

        .section .text
        .code32
        .globl  start
start:  mov     %ebx, information
        mov     %eax, information + 4
        mov     $stacks_end, %esp
        mov     $directories, %edi              # the first 4 GiB by pages of 2 MiB
        mov     $0x83, %eax
1:      mov     %eax, (%edi)
        add     $8, %edi
        add     $0x200000, %eax
        jnc     1b
        mov     $pointers, %edi
        mov     $directories + 3, %eax
2:      mov     %eax, (%edi)
        add     $8, %edi
        add     $4096, %eax
        cmp     $directories + 4 * 4096, %eax
        jb      2b
        movl    $pointers + 3, root
        call    long_mode
        ljmp    $0x08, $first

long_mode:
        lgdt    gdt_register
        mov     $0x10, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     $0x20, %eax                     # PAE
        mov     %eax, %cr4
        mov     $root, %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx
        rdmsr
        or      $0x100, %eax                    # LME
        wrmsr
        mov     $0x80000011, %eax
        mov     %eax, %cr0
        ret

        # Where a start-up message with vector 0 leads: this is copied to address 0.
        .code16
trampoline:
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        lgdtl   near_register - trampoline
        ljmpl   $0x18, $other32
near_register:
        .word   31
        .long   gdt
trampoline_end:

        .code32
other32:
        mov     $0x10, %eax
        mov     %eax, %ds
        mov     %eax, %ss
        mov     $-4096, %esp
        lock xadd %esp, next_stack
        call    long_mode
        ljmp    $0x08, $other

        .code64
other:  call    apic_on
        call    apic_extend
        lidt    interrupt_register
        lock incl running
        sti
1:      hlt
        jmp     1b

interrupt:
        push    %rax
        push    %rcx
        push    %rdx
        lock incl taken
        cmpl    $0, extended
        jne     1f
        mov     $APIC, %eax
        movl    $0, 0xb0(%rax)
        jmp     2f
1:      mov     $0x80b, %ecx
        xor     %eax, %eax
        xor     %edx, %edx
        wrmsr
2:      pop     %rdx
        pop     %rcx
        pop     %rax
        iretq

        # Switched off and on again, the APIC is as after reset; then enabled by software.
apic_on:
        mov     $APIC_BASE, %ecx
        rdmsr
        and     $~0xc00, %eax
        wrmsr
        or      $0x800, %eax
        wrmsr
        mov     $APIC, %eax
        movl    $0x1ff, 0xf0(%rax)
        ret
apic_extend:
        cmpl    $0, extended
        je      1f
        mov     $APIC_BASE, %ecx
        rdmsr
        or      $0x400, %eax
        wrmsr
1:      ret

        # say NAME: a word and a space.
        .macro  say text
        .section .rodata
7:      .asciz  "\text "
        .section .text
        mov     $7b, %rsi
        call    print
        .endm

first:  lidt    interrupt_register
        call    serial_on
        mov     information, %ebx
        say     magic
        mov     information + 4, %eax
        call    print_line
        say     upper
        mov     8(%rbx), %eax
        call    print_line
        say     map
        mov     48(%rbx), %r12d                 # each entry: size of the rest, base, length, type
        mov     44(%rbx), %r13d
        add     %r12, %r13
1:      cmp     %r13, %r12
        jae     2f
        mov     4(%r12), %rax
        call    print_number
        mov     12(%r12), %rax
        call    print_number
        mov     20(%r12), %eax
        call    print_number
        mov     (%r12), %eax
        lea     4(%r12, %rax), %r12
        jmp     1b
2:      call    new_line
        say     line
        mov     16(%rbx), %esi
        call    print
        call    new_line
        say     modules
        mov     20(%rbx), %eax
        call    print_line
        say     module
        mov     24(%rbx), %r12d
        cmpl    $0, 20(%rbx)
        je      4f
        mov     4(%r12), %r13d
        mov     (%r12), %r12d
3:      cmp     %r13, %r12
        jae     4f
        mov     (%r12), %al
        inc     %r12
        call    put
        jmp     3b
4:      call    new_line

        say     ram                             # configuration items 3 and 5
        mov     $3, %eax
        mov     $8, %r8d
        call    item
        call    print_line
        say     processors
        mov     $5, %eax
        mov     $2, %r8d
        call    item
        mov     %eax, %r14d
        call    print_line

        mov     $0x80000000, %eax               # PCI 0:0.0: vendor and device
        mov     $0xcf8, %dx
        outl    %eax, %dx
        mov     $0xcfc, %dx
        inl     %dx, %eax
        mov     %eax, %r12d
        say     bridge
        mov     %r12d, %eax
        call    print_line
        call    acpi

        mov     $1, %eax
        cpuid
        shr     $21, %ecx
        and     $1, %ecx
        mov     %ecx, extended
        say     extended
        mov     extended, %eax
        call    print_line

        mov     $0xff, %al                      # no interrupts of the 8259s
        outb    %al, $0x21
        outb    %al, $0xa1
        mov     $interrupt, %eax
        movw    %ax, interrupts + VECTOR * 16
        movw    $0x08, interrupts + VECTOR * 16 + 2
        movw    $0x8e00, interrupts + VECTOR * 16 + 4
        shr     $16, %eax
        movw    %ax, interrupts + VECTOR * 16 + 6
        call    apic_on
        mov     $trampoline, %rsi
        xor     %edi, %edi
        mov     $trampoline_end - trampoline, %ecx
        rep movsb
        mov     $APIC, %eax
        movl    $0xc4500, 0x300(%rax)           # INIT to all others, and a start-up message right behind it
        movl    $0xc0600, 0x300(%rax)
        dec     %r14d
5:      pause
        cmp     %r14d, running
        jne     5b
        say     running
        mov     running, %eax
        call    print_line

        call    apic_extend
        cmpl    $0, extended
        jne     6f
        mov     $APIC, %eax
        movl    $0xc4000 + VECTOR, 0x300(%rax)
        jmp     8f
6:      mov     $0x830, %ecx
        mov     $0xc4000 + VECTOR, %eax
        xor     %edx, %edx
        wrmsr
8:      pause
        cmp     %r14d, taken
        jne     8b
        say     taken
        mov     taken, %eax
        call    print_line
        mov     $3, %eax
        outl    %eax, $0xf4
9:      hlt
        jmp     9b

        # The power-management timer, by way of the ACPI tables.
acpi:   mov     $0xf0000, %esi
        movabs  $0x2052545020445352, %rax       # "RSD PTR "
1:      cmp     (%rsi), %rax
        je      2f
        add     $16, %rsi
        cmp     $0x100000, %rsi
        jb      1b
        ret
2:      mov     16(%rsi), %esi                  # RSDT
        mov     4(%rsi), %ecx
        add     %rsi, %rcx
        add     $36, %rsi
3:      mov     (%rsi), %edi
        cmpl    $0x50434146, (%rdi)             # "FACP"
        je      4f
        add     $4, %rsi
        cmp     %rcx, %rsi
        jb      3b
        ret
4:      mov     76(%rdi), %edx                  # PM_TMR_BLK
        inl     %dx, %eax
        mov     %eax, %ecx
5:      inl     %dx, %eax
        cmp     %eax, %ecx
        je      5b
        mov     %edx, %r12d
        say     timer
        mov     %r12d, %eax
        jmp     print_line

item:   mov     $0x510, %dx                     # item EAX of the configuration interface, R8 bytes
        outw    %ax, %dx
        inc     %edx
        xor     %r9d, %r9d
        xor     %ecx, %ecx
1:      xor     %eax, %eax
        inb     %dx, %al
        shl     %cl, %rax
        or      %rax, %r9
        add     $8, %ecx
        dec     %r8d
        jnz     1b
        mov     %r9, %rax
        ret

serial_on:
        mov     $COM1 + 3, %dx
        mov     $0x80, %al
        outb    %al, %dx
        mov     $COM1, %dx
        mov     $1, %al                         # 115 200 baud
        outb    %al, %dx
        inc     %edx
        xor     %eax, %eax
        outb    %al, %dx
        mov     $COM1 + 3, %dx
        mov     $3, %al
        outb    %al, %dx
        mov     $COM1 + 1, %dx
        xor     %eax, %eax
        outb    %al, %dx
        ret
put:    push    %rax
        push    %rdx
        mov     $COM1 + 5, %dx
1:      inb     %dx, %al
        test    $0x20, %al                      # room for a character
        jz      1b
        mov     $COM1, %dx
        mov     8(%rsp), %al
        outb    %al, %dx
        pop     %rdx
        pop     %rax
        ret
print:  lodsb
        test    %al, %al
        jz      1f
        call    put
        jmp     print
1:      ret
print_line:
        call    print_number
new_line:
        mov     $'\n', %al
        jmp     put
print_number:                                   # RAX in hexadecimal and a space
        mov     %rax, %r10
        mov     $60, %ecx
1:      mov     %r10, %rax
        shr     %cl, %rax
        jnz     2f
        sub     $4, %ecx
        jg      1b
        xor     %ecx, %ecx
2:      mov     %r10, %rax
        shr     %cl, %rax
        and     $15, %al
        add     $'0', %al
        cmp     $'9', %al
        jbe     3f
        add     $'a' - '9' - 1, %al
3:      call    put
        sub     $4, %ecx
        jns     2b
        mov     $' ', %al
        jmp     put

        .section .note.GNU-stack, "", @progbits
