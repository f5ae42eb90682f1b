# A Multiboot 1 program that needs no operating system: it says on the serial port what it has been told and what it finds,
# starts the other processors, and ends by port F4h. The first word of its command line is its name.
        .set    VECTOR, 0x20
#include "bare.inc"

other_main:
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

main:   say     magic
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
        dec     %r14d
        call    start_others
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

        .section .bss
taken:  .skip 8                                 # interrupts that other processors have taken

        .section .note.GNU-stack, "", @progbits
