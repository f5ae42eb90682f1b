# vmx_enter(Block*): runs the guest of the current VMCS until a VM exit (SDM vol. 3, chapters 27 and 28). Returns 0 after an
# exit, 1 if the guest was not entered (VMfail), 2 if an NMI has come since vmx_hold_events (see events.cpp).
#
# VM entry and exit move RSP, RIP, RFLAGS, control registers and segments; the other general registers move here. Interrupts
# are off before and, since the exit clears RFLAGS.IF, after.
#
# Block: 0 general registers, 8 launched, 16 whether an NMI has come.
        .set    HOST_RSP, 0x6c14
        .text
        .globl  vmx_enter
vmx_enter:
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        push    %rdi                            # Block
        mov     $HOST_RSP, %eax
        vmwrite %rsp, %rax

        # An NMI from here on to the entry abandons it: its handler moves RIP to vmx_abandoned.
        .globl  vmx_entering
vmx_entering:
        mov     16(%rdi), %rax
        cmpb    $0, (%rax)
        jne     vmx_abandoned
        mov     0(%rdi), %rsi                   # general registers
        mov     0*8(%rsi), %rax
        mov     1*8(%rsi), %rcx
        mov     2*8(%rsi), %rdx
        mov     3*8(%rsi), %rbx
        mov     5*8(%rsi), %rbp
        mov     8*8(%rsi), %r8
        mov     9*8(%rsi), %r9
        mov     10*8(%rsi), %r10
        mov     11*8(%rsi), %r11
        mov     12*8(%rsi), %r12
        mov     13*8(%rsi), %r13
        mov     14*8(%rsi), %r14
        mov     15*8(%rsi), %r15
        cmpb    $0, 8(%rdi)
        mov     7*8(%rsi), %rdi
        mov     6*8(%rsi), %rsi

        je      1f
        vmresume
        jmp     vmx_failed
1:      vmlaunch
        .globl  vmx_failed
vmx_failed:
        mov     $1, %eax
        jmp     2f
        .globl  vmx_abandoned
vmx_abandoned:
        mov     $2, %eax
        jmp     2f

        # The host's RIP. RSP is as it was written above.
        .globl  vmx_left
vmx_left:
        push    %rax
        push    %rsi
        mov     16(%rsp), %rsi                  # Block
        mov     0(%rsi), %rsi                   # general registers
        mov     %rcx, 1*8(%rsi)
        mov     %rdx, 2*8(%rsi)
        mov     %rbx, 3*8(%rsi)
        mov     %rbp, 5*8(%rsi)
        mov     %rdi, 7*8(%rsi)
        mov     %r8, 8*8(%rsi)
        mov     %r9, 9*8(%rsi)
        mov     %r10, 10*8(%rsi)
        mov     %r11, 11*8(%rsi)
        mov     %r12, 12*8(%rsi)
        mov     %r13, 13*8(%rsi)
        mov     %r14, 14*8(%rsi)
        mov     %r15, 15*8(%rsi)
        pop     %rcx
        mov     %rcx, 6*8(%rsi)
        pop     %rcx
        mov     %rcx, 0*8(%rsi)
        xor     %eax, %eax

2:      add     $8, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
        .section .note.GNU-stack, "", @progbits
