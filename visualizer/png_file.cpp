#include <png.h>

#include <cstring>
#include <filesystem>

#include "sim/base/user_error.hpp"
#include "visualizer/window.hpp"

namespace hvlab::visualizer {

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
  std::filesystem::rename(beside, file, problem);
  if (problem) throw UserError("'" + file + "': cannot write the picture there: " + problem.message());
}

}  // namespace hvlab::visualizer
