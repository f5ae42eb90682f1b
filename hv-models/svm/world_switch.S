# enter_guest(block /* RDI, physical */, registers /* RSI */, host /* RDX, physical */): runs the guest until it is left (APM
# vol. 2, 15.5). VMRUN keeps only a part of the host's state, and VMSAVE and VMLOAD the hidden rest of FS, GS, TR and LDTR
# with the MSRs of system calls, which belong to the guest meanwhile. Called with interrupts off, and returns so. In between
# they are on as far as GIF lets them, so that one of the machine's ends the guest (15.13.1) and stays pending.
#
# `registers`: general registers by number; RAX and RSP are in the control block.
        .text
        .globl  enter_guest
enter_guest:
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        push    %rdx
        push    %rsi
        clgi
        sti                                     # what the guest's interrupts are masked by (15.21.1)
        mov     %rdx, %rax
        vmsave  %rax
        mov     %rdi, %rax
        mov     8(%rsi), %rcx
        mov     16(%rsi), %rdx
        mov     24(%rsi), %rbx
        mov     40(%rsi), %rbp
        mov     56(%rsi), %rdi
        mov     64(%rsi), %r8
        mov     72(%rsi), %r9
        mov     80(%rsi), %r10
        mov     88(%rsi), %r11
        mov     96(%rsi), %r12
        mov     104(%rsi), %r13
        mov     112(%rsi), %r14
        mov     120(%rsi), %r15
        mov     48(%rsi), %rsi
        vmload  %rax
        vmrun   %rax
        vmsave  %rax
        push    %rsi
        mov     8(%rsp), %rsi                   # registers
        mov     %rcx, 8(%rsi)
        mov     %rdx, 16(%rsi)
        mov     %rbx, 24(%rsi)
        mov     %rbp, 40(%rsi)
        pop     %rcx
        mov     %rcx, 48(%rsi)
        mov     %rdi, 56(%rsi)
        mov     %r8, 64(%rsi)
        mov     %r9, 72(%rsi)
        mov     %r10, 80(%rsi)
        mov     %r11, 88(%rsi)
        mov     %r12, 96(%rsi)
        mov     %r13, 104(%rsi)
        mov     %r14, 112(%rsi)
        mov     %r15, 120(%rsi)
        mov     8(%rsp), %rax                   # host
        vmload  %rax
        cli
        stgi
        pop     %rsi
        pop     %rdx
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
        .section .note.GNU-stack, "", @progbits
