#pragma once

#include "app/pages/Workspace.h"
#include "widgets/TracePanel.h"

#include <optional>

namespace tagalign::app {

/// Shows where the tag on screen comes from. Asks the project while it is visible only.
class TagTracer : public widgets::TracePanel
{
    Q_OBJECT

public:
    explicit TagTracer(Workspace& workspace, QWidget* parent = nullptr);

    /// The tag on screen, as it is stored now; nothing if there is none.
    void setTag(const std::optional<db::Candidate>& tag);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void load();

    Workspace& m_workspace;
    std::optional<db::Candidate> m_tag;
    int m_asked = 0; ///< so far: an older answer is not for the tag on screen
};

} // namespace tagalign::app
