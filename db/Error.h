#pragma once

#include <QString>

#include <stdexcept>

namespace tagalign::db {

/// Anything that went wrong with a project file; what() is a sentence a user can act on.
class Error : public std::runtime_error
{
public:
    explicit Error(const QString& message)
        : std::runtime_error(message.toStdString())
    {
    }
};

} // namespace tagalign::db
