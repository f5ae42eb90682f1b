// The few functions of the C library that freestanding code has, with their usual meaning.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {
void* memcpy(void* to, const void* from, std::size_t bytes);
void* memmove(void* to, const void* from, std::size_t bytes);
void* memset(void* to, int value, std::size_t bytes);
int memcmp(const void* left, const void* right, std::size_t bytes);
std::size_t strlen(const char* text);
int strcmp(const char* left, const char* right);
}
