#pragma once

#include "db/Database.h"

#include <QString>

namespace tagalign::app {

/// What a language model is told to do with captions.
struct LlmPrompt
{
    QString text;
    QString version; ///< 12 hex digits of the SHA-256 of the text and of the answer's schema

    [[nodiscard]] bool isDefault() const;

    /// The one that comes with the program.
    [[nodiscard]] static LlmPrompt standard();

    /// @throws model::Error if the text is blank or longer than 64 KiB.
    [[nodiscard]] static LlmPrompt of(const QString& text);

    /// The project's own, else the standard one. @throws db::Error
    [[nodiscard]] static LlmPrompt load(const db::Database& database);
    void save(db::Database& database) const; ///< @throws db::Error
};

} // namespace tagalign::app
