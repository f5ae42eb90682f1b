// Pictures and tables as files.
#include <png.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "sim/base/user_error.hpp"
#include "visualizer/window.hpp"

namespace hvlab::visualizer {

namespace {

void move_there(const std::string& beside, const std::string& file, const char* what) {
  std::error_code problem, ignored;
  std::filesystem::rename(beside, file, problem);
  if (!problem) return;
  std::filesystem::remove(beside, ignored);
  throw UserError("'" + file + "': cannot write the " + what + " there: " + problem.message());
}

}  // namespace

void write_png(const Picture& picture, const std::string& file) {
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = PNG_FORMAT_RGB;
  const std::string beside = file + ".part";
  std::error_code problem;
  if (png_image_write_to_file(&image, beside.c_str(), 0, picture.pixels.data(), 0, nullptr) == 0) {
    std::filesystem::remove(beside, problem);
    throw UserError("'" + file + "': cannot write the picture there: " + image.message);
  }
  move_there(beside, file, "picture");
}

void write_tables(const std::string& text, const std::string& file) {
  const std::string beside = file + ".part";
  std::ofstream out(beside, std::ios::binary);
  out << text;
  out.close();
  if (!out) {
    const std::string why = std::strerror(errno);
    std::error_code ignored;
    std::filesystem::remove(beside, ignored);
    throw UserError("'" + file + "': cannot write the tables there: " + why);
  }
  move_there(beside, file, "tables");
}

}  // namespace hvlab::visualizer
