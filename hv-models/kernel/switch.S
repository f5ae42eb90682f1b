# switch_stacks(u64* old /* RDI */, u64 fresh /* RSI */): goes on where the thread whose stack pointer `fresh` is left off in
# its own call of switch_stacks. Only what a callee must keep is saved here (System V ABI 3.2.1); the caller of this
# function has put away the rest.
        .text
        .globl  switch_stacks
switch_stacks:
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, (%rdi)
        mov     %rsi, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret

# Where a new thread begins: R12 = function, R13 = its argument (thread.cpp); a user's thread then returns to its program
# by the frame that its stack begins with.
        .globl  begin_thread
begin_thread:
        xor     %ebp, %ebp
        call    thread_begins
        mov     %r13, %rdi
        call    *%r12
        cli
        jmp     return_from_interrupt

# SYSCALL (SDM vol. 2): RCX = return address, R11 = flags, RSP still the program's; interrupts are off (FMASK). Leaves the
# same frame as an interrupt, so that everybody finds a program's registers in one place.
        .globl  system_call_entry
system_call_entry:
        swapgs
        mov     %rsp, %gs:16                    # Processor::user_stack
        mov     %gs:8, %rsp                     # Processor::kernel_stack
        pushq   $0x1b                           # kUserData
        pushq   %gs:16
        push    %r11
        pushq   $0x23                           # kUserCode
        push    %rcx
        pushq   $0
        pushq   $0x100                          # no vector: a system call
        push    %rax
        push    %rbx
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %rbp
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, %rdi
        sti
        call    system_call
        cli
        mov     %rsp, %rdi
        call    leave_kernel

        # Addresses of programs end below the hole, so that SYSRET never meets a non-canonical RCX in ring 0.
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rbp
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rbx
        pop     %rax
        mov     16(%rsp), %rcx                  # rip
        mov     32(%rsp), %r11                  # rflags
        mov     40(%rsp), %rsp
        swapgs
        sysretq
        .section .note.GNU-stack, "", @progbits
