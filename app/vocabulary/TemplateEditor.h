#pragma once

#include "model/tags/PromptTemplates.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace tagalign::app {

/// Edits the prompt templates of a project, a group of tags at a time, one template a line.
class TemplateEditor : public QWidget
{
    Q_OBJECT

public:
    explicit TemplateEditor(QWidget* parent = nullptr);

    void setTemplates(const model::tags::PromptTemplates& templates);

Q_SIGNALS:
    void saved(const tagalign::model::tags::PromptTemplates& templates);

private:
    void showGroup();
    void check();
    void reset();
    [[nodiscard]] model::tags::PromptTemplates typed() const; ///< @throws model::Error

    model::tags::PromptTemplates m_templates;
    QComboBox* m_group;
    QPlainTextEdit* m_text;
    QLabel* m_state;
    QPushButton* m_save;
};

} // namespace tagalign::app
