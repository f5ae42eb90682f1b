# begin_thread(stack_end /* RDI */, run /* RSI */, argument /* RDX */): clone() with memory, files and everything else shared.
# The new thread returns from the same call with 0, on its own stack, where what it is to do has been put.
        .text
        .globl  begin_thread
begin_thread:
        mov     %rsi, -8(%rdi)
        mov     %rdx, -16(%rdi)
        lea     -16(%rdi), %rsi
        mov     $0x10f00, %edi                  # CLONE_VM, FS, FILES, SIGHAND, THREAD
        xor     %edx, %edx
        xor     %r10d, %r10d
        mov     $56, %eax
        syscall
        test    %rax, %rax
        jz      1f
        ret
1:      xor     %ebp, %ebp
        pop     %rdi
        pop     %rax
        call    *%rax
        xor     %edi, %edi
        mov     $60, %eax                       # exit: of this thread alone
        syscall
        ud2
        .section .note.GNU-stack, "", @progbits
