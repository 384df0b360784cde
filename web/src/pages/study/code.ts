/** The code of the pages of a study, by name. */
export const CODE = {
  '': () => import('../overview/Overview'),
  analytics: () => import('../analytics/Analytics'),
  trials: () => import('../trials/Trials'),
  trialTable: () => import('../table/TrialTable'),
  smartSelection: () => import('../selection/SmartSelection'),
  note: () => import('../note/StudyNote'),
}
/** What is another page where people compare trials. */
export const PREFERENTIAL_CODE = {
  '': () => import('../preferences/feedback/Feedback'),
  'preference-history': () => import('../preferences/history/History'),
  analytics: () => import('../preferences/utility/Utility'),
}
