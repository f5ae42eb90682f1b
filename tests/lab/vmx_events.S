# What ends the wait of a guest on the whole machine (SDM vol. 3, 26.2, 26.5.1 and 27.6): its timer, the local APIC's, an NMI
# that another processor sends, an injected interrupt; and whether it gets to the local APIC through EPT. Of each VM exit it
# says reason, activity state, interruptibility, interruption information, the interrupts and NMIs that the guest has taken,
# and the interrupts taken when its host has let them in too.
        .set    VECTOR, 0x40
#include "bare.inc"
#include "vmx.inc"

        .macro  gate vector, handler
        mov     $\handler, %eax
        movw    %ax, interrupts + \vector * 16
        movw    $0x08, interrupts + \vector * 16 + 2
        movw    $0x8e00, interrupts + \vector * 16 + 4
        shr     $16, %eax
        movw    %ax, interrupts + \vector * 16 + 6
        .endm
        .macro  put_field encoding, value
        mov     $\encoding, %edx
        mov     \value, %eax
        vmwrite %rax, %rdx
        .endm
        .macro  say_field encoding
        mov     $\encoding, %edx
        vmread  %rdx, %rax
        call    print_number
        .endm
        .macro  try text, program, pins, activity       # pins: pin-based controls besides those that must be 1
        say     \text
        movl    $\program, program
        movl    $\pins, pins
        movl    $\activity, activity
        call    try
        .endm

        .section .bss
        .balign 4096
ept_root:       .skip 4096
ept_pointers:   .skip 4096
ept_directories:.skip 4096 * 4
program:        .skip 4
pins:           .skip 4
activity:       .skip 4
event:          .skip 4                         # to be injected
stage:          .skip 4                         # NMIs that the other processor has been asked for
taken:          .skip 4                         # interrupts
nmis:           .skip 4
seen:           .skip 4                         # the APIC's version, as the guest sees it
resumes:        .skip 4

        .section .text
on_interrupt:
        push    %rax
        incl    taken
        mov     $APIC, %eax
        movl    $0, 0xb0(%rax)
        pop     %rax
        iretq
on_nmi: incl    nmis
        iretq

        # Guests.
guest:
spins:  jmp     spins
sleeps: hlt
        vmcall
waits:  call    arm                             # interrupts are off
        jmp     spins
halts:  call    arm
        sti
        hlt
        vmcall
lives:  vmcall
looks:  mov     $APIC, %eax
        mov     0x30(%rax), %eax
        mov     %eax, seen
        vmcall
arm:    mov     $APIC, %eax
        movl    $VECTOR, 0x320(%rax)
        movl    $1000, 0x380(%rax)
        ret

        # The other processor sends an NMI when it is asked, after a while.
other_main:
        xor     %ebx, %ebx
1:      inc     %ebx
2:      pause
        cmp     %ebx, stage
        jne     2b
        mov     $100000, %ecx
3:      pause
        dec     %ecx
        jnz     3b
        mov     $APIC, %eax
        movl    $0, 0x310(%rax)
        movl    $0x4400, 0x300(%rax)
        jmp     1b

try:    mov     $0x481, %ecx
        rdmsr
        or      pins, %eax
        mov     $0x4000, %edx
        vmwrite %rax, %rdx
        put_field 0x681e, program
        put_field 0x681c, $guest_stack
        put_field 0x6820, $0x202                # what is injected needs interrupts on; else they are off until STI
        cmpl    $0, event
        jne     1f
        put_field 0x6820, $2
1:      put_field 0x4016, event
        put_field 0x4826, activity
        put_field 0x4824, $0
        put_field 0x482e, $1000
        movl    $0, taken
        movl    $0, nmis
        movl    $0, event
        call    enter
        call    print_number
        say_field 0x4826
        say_field 0x4824
        say_field 0x4404
        mov     taken, %eax
        call    print_number
        mov     nmis, %eax
        call    print_number
        sti
        nop
        cli
        mov     %rsp, %rax                      # IRET: after the exit of an NMI others are blocked
        push    $0x10
        push    %rax
        pushfq
        push    $0x08
        push    $1f
        iretq
1:      mov     taken, %eax
        jmp     print_line

        # The exit reason in EAX, or BADh.
enter:  mov     $0x6c14, %edx
        vmwrite %rsp, %rdx
        cmpl    $0, resumes
        jne     1f
        movl    $1, resumes
        vmlaunch
        jmp     2f
1:      vmresume
2:      mov     $0xbad, %eax
        ret

main:   mov     $0xff, %al                      # no interrupts of the 8259s
        outb    %al, $0x21
        outb    %al, $0xa1
        gate    VECTOR, on_interrupt
        gate    2, on_nmi
        call    apic_on
        mov     $1, %r14d
        call    start_others
        call    into_operation
        vmclear vmcs_pointer
        vmptrld vmcs_pointer
        call    fill
        mov     $0x481, %ecx
        rdmsr
        test    $0x40, %dl
        jz      1f
        try     timer, spins, 0x40, 0
        try     timer, sleeps, 0x40, 0
        try     timer, sleeps, 0x40, 1
1:      try     interrupt, waits, 0x01, 0
        try     interrupt, halts, 0x01, 0
        try     interrupt, halts, 0, 0
        movl    $0x80000000 + VECTOR, event
        try     injected, lives, 0x01, 1
        movl    $1, stage
        try     nmi, sleeps, 0x08, 0
        movl    $2, stage
        try     nmi, sleeps, 0, 0
        mov     $0x482, %ecx
        rdmsr
        test    %edx, %edx
        jns     9f
        mov     $0x48b, %ecx
        rdmsr
        test    $2, %dl
        jz      9f
        call    extend
        try     apic, looks, 0, 0
        say     same
        mov     $APIC, %edx
        mov     0x30(%rdx), %edx
        xor     %eax, %eax
        cmp     %edx, seen
        sete    %al
        call    print_line
9:      xor     %eax, %eax
        outl    %eax, $0xf4
8:      hlt
        jmp     8b

        # EPT: the first 4 GiB as they are, by pages of 2 MiB.
extend: mov     $ept_directories, %edi
        mov     $0xb7, %eax
1:      mov     %eax, (%edi)
        add     $8, %edi
        add     $0x200000, %eax
        jnc     1b
        mov     $ept_pointers, %edi
        mov     $ept_directories + 7, %eax
2:      mov     %eax, (%edi)
        add     $8, %edi
        add     $4096, %eax
        cmp     $ept_directories + 4 * 4096, %eax
        jb      2b
        movl    $ept_pointers + 7, ept_root
        put_field 0x201a, $ept_root + 0x1e
        put_field 0x401e, $2
        mov     $0x4002, %edx
        vmread  %rdx, %rax
        bts     $31, %eax
        vmwrite %rax, %rdx
        ret

        .section .note.GNU-stack, "", @progbits
